"""What Docker would answer: the digest of an image that was built and pushed."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

_IMAGE: Final = "docker:index/image:Image"


def docker_answer(type: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Outputs of an image: its repository with a digest that follows from its name and tag."""
    image_name = inputs.get("imageName")
    if type != _IMAGE or not isinstance(image_name, str):
        return None
    repository = image_name.rpartition(":")[0]
    digest = sha256(image_name.encode()).hexdigest()
    return {"repoDigest": f"{repository}@sha256:{digest}", "baseImageName": repository}
