"""An image that is built here and pushed to a registry."""

import re
import reprlib
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, is_known, planned, recorded
from ..labels import check_name
from .build_context import content_tag

_TAG: Final = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9]+(/v[0-9]+)?")
_URL: Final = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+")
"""Names of images: OCI Distribution Specification, "Pulling manifests"; platforms: containerd, package platforms."""

_SECRETS: Final = ("password", "secret", "token")


class WorkloadImageArgs(TypedDict):
    """Inputs of `WorkloadImage`."""

    repository_url: pulumi.Input[str]
    """Address of the repository, without a tag."""

    context: str
    """Folder that the image is built from."""

    dockerfile: NotRequired[str]
    """Path of the Dockerfile. Default: `Dockerfile` in the folder."""

    tag: NotRequired[str]
    """Tag of the image. Default: one that follows from the content of the folder, so that tags never move."""

    platform: NotRequired[str]
    """Operating system and processor, such as `linux/arm64`. Default: `linux/amd64`."""

    target: NotRequired[str]
    """Stage of the Dockerfile that is built. Default: the last one."""

    build_arguments: NotRequired[dict[str, str]]
    """Build arguments by name. They stay in the image, so they are no place for secrets. Default: none."""

    cache_from: NotRequired[list[pulumi.Input[str]]]
    """Images whose layers are reused, with their tags. Default: none."""

    docker_login: NotRequired[bool]
    """Whether the login of the machine that builds is used, such as ECR's credential helper, so that no password comes
    near the state. Default: false: a password of ECR that holds for twelve hours, encrypted in the state."""

    region: NotRequired[str]
    """Region of the ECR registry. Default: the provider's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadImagePlan:
    """An image with every default applied."""

    name: str
    repository_url: pulumi.Input[str]
    context: str
    dockerfile: str
    tag: str
    platform: str
    target: str | None
    build_arguments: Mapping[str, str]
    cache_from: tuple[pulumi.Input[str], ...]
    docker_login: bool
    region: str | None


def plan_workload_image(args: WorkloadImageArgs, name: str) -> WorkloadImagePlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, WorkloadImageArgs):
        problems.raise_if_any("WorkloadImage")
    check_name(problems, "name", name)
    url = args["repository_url"]
    if isinstance(url, str) and is_known(url) and not _URL.fullmatch(url):
        problems.add("repositoryUrl", f"'{url}' is no repository's address; write it like host/name, without a tag")
    folder = Path(args["context"])
    dockerfile = Path(args.get("dockerfile", folder / "Dockerfile"))
    if not _is_there(folder, stat.S_ISDIR):
        problems.add("context", f"{reprlib.repr(str(folder))} is no folder; give the one that the image is built from")
    elif not _is_there(dockerfile, stat.S_ISREG):
        problems.add("dockerfile", f"{reprlib.repr(str(dockerfile))} is no file; say where the Dockerfile is")
    platform = args.get("platform", "linux/amd64")
    if not _PLATFORM.fullmatch(platform):
        problems.add("platform", f"'{platform}' is no platform; write one, like linux/amd64")
    arguments = args.get("build_arguments", {})
    for key in arguments:
        if any(word in key.lower() for word in _SECRETS):
            problems.add(f"buildArguments.{key}", "sounds like a secret, and would stay in the image; mount it instead")
    if "tag" in args and not _TAG.fullmatch(args["tag"]):
        problems.add("tag", f"'{args['tag']}' is no tag; give letters, digits, ., _ and -, at most 128")
    problems.raise_if_any("WorkloadImage")
    target = args.get("target")
    inputs = {f"argument {key}": value for key, value in arguments.items()}
    inputs |= {"platform": platform, "target": target or "", "dockerfile": dockerfile.read_text(encoding="utf-8")}
    return WorkloadImagePlan(
        name=name,
        repository_url=url,
        context=args["context"],
        dockerfile=str(dockerfile),
        tag=args["tag"] if "tag" in args else content_tag(folder, inputs),
        platform=platform,
        target=target,
        build_arguments=arguments,
        cache_from=tuple(args.get("cache_from", ())),
        docker_login=args.get("docker_login", False),
        region=args.get("region"),
    )


class WorkloadImage(pulumi.ComponentResource):
    """An image built by BuildKit from a folder, pushed, and named by its digest.

    Needs Docker where Pulumi runs, and the extra `images`. A preview builds nothing.

    Example: `WorkloadImage("trainer", {"repository_url": url, "context": "images/trainer"})`
    """

    reference: pulumi.Output[str]
    """Address with the digest, `host/name@sha256:...`: what pods name, since it never means another image."""

    tag: pulumi.Output[str]
    """Tag under which it was pushed."""

    def __init__(self, name: str, args: WorkloadImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("WorkloadImage", name, partial(plan_workload_image, name=name), args)
        super().__init__("aidc:index:WorkloadImage", name, recorded(args), opts)
        import pulumi_docker as docker

        build: Any = {
            "context": plan.context,
            "dockerfile": plan.dockerfile,
            "platform": plan.platform,
            "builder_version": docker.BuilderVersion.BUILDER_BUILD_KIT,
            "args": dict(plan.build_arguments),
        }
        if plan.target is not None:
            build["target"] = plan.target
        if plan.cache_from:
            build["cache_from"] = {"images": list(plan.cache_from)}
        image = docker.Image(
            name,
            image_name=pulumi.Output.concat(plan.repository_url, ":", plan.tag),
            build=build,
            build_on_preview=False,
            skip_push=False,
            registry=None if plan.docker_login else _login(plan, self),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.reference = image.repo_digest
        self.tag = pulumi.Output.from_input(plan.tag)
        self.register_outputs({"reference": self.reference, "tag": self.tag})


def _is_there(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        return is_kind(path.stat().st_mode)
    except (OSError, ValueError):
        # Missing, too long for a file system, or with a zero byte.
        return False


def _login(plan: WorkloadImagePlan, parent: pulumi.Resource) -> Any:
    """Return ECR's user and password, as secrets. pulumi-docker takes no change of them for a change of the image."""
    from pulumi_aws import ecr

    token = pulumi.Output.secret(
        ecr.get_authorization_token_output(region=plan.region, opts=pulumi.InvokeOutputOptions(parent=parent))
    )
    return {
        "server": token.apply(lambda known: known.proxy_endpoint),
        "username": token.apply(lambda known: known.user_name),
        "password": token.apply(lambda known: known.password),
    }
