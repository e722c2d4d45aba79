"""Images that a data center builds: workloads give their names in the place of an address."""

from collections.abc import Mapping
from typing import Any, Final, cast

import pulumi

from ..problems import Problems, suggestion

Section = Mapping[str, Mapping[str, Any]]

MODEL_PARTS: Final = ("service", "predictive_scaling")
"""Parts of a served model that run pods of an image of their own."""

_STAND_IN: Final = f"registry.example/image@sha256:{'0' * 64}"
_IN_ADDRESSES: Final = frozenset("/:.@")


def is_name(value: object) -> bool:
    """Whether it is a plain name, and no address of an image or a repository."""
    return isinstance(value, str) and value != "" and not _IN_ADDRESSES & set(value)


def with_repositories(section: Section) -> Section:
    """Return images with the repository of their own name, where they name none."""
    return {name: {"repository_url": name, **own} for name, own in sorted(section.items())}


def stand_in_repositories(section: Section) -> dict[str, str]:
    """Return addresses of the right form for the repositories that images name, for checking settings."""
    named = [own.get("repository_url", name) for name, own in section.items()]
    return {str(each): f"registry.example/{each}" for each in named if is_name(each)}


def repositories_of(section: Section, urls: pulumi.Input[Any] | None) -> dict[str, pulumi.Output[str]]:
    """Return the addresses of the repositories that images name; `urls` are those of the registry, by name."""
    found = pulumi.Output.from_input(urls)
    named = [own["repository_url"] for own in section.values() if is_name(own.get("repository_url"))]
    return {name: found.apply(lambda known, name=name: _url(known, name)) for name in sorted(set(named))}


def with_stand_in(family: str, own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a workload's inputs with an address in the place of an image's name, for checking them."""
    if family == "inference_services":
        parts = {key: cast(Mapping[str, Any], own[key]) for key in MODEL_PARTS if isinstance(own.get(key), Mapping)}
        return {**own, **{key: with_stand_in("", part) for key, part in parts.items()}}
    return {**own, "image": _STAND_IN} if is_name(own.get("image")) else own


def check_image_name(problems: Problems, path: str, image: object, images: Section) -> None:
    """Refuse the name of an image that is not built here."""
    if is_name(image) and image not in images:
        close = suggestion(str(image), images) or "; add it there, or give an address with a fixed tag or a digest"
        problems.add(path, f"there is no '{image}' in images{close}")


def check_repository(problems: Problems, path: str, url: str, registry: Mapping[str, Any] | None) -> None:
    """Refuse the name of a repository that the registry of this stack does not have."""
    known = (registry or {}).get("repositories", {})
    if is_name(url) and url not in known:
        close = suggestion(url, known) or "; add it there, or give an address like host/name"
        problems.add(path, f"there is no '{url}' in containerRegistry.repositories{close}")


def _url(known: Mapping[str, str] | None, name: str) -> str:
    if name not in (known or {}):
        raise ValueError(f"the layer beneath has no repository '{name}'; add it to its containerRegistry")
    return (known or {})[name]
