"""How each tool is made: its module, its package, and the manifests that come with it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache

from ..infra import versions
from ..infra.versions import Artifact, GoModule
from ..problems import InvalidInput, Problem, suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """A folder of published manifests that is kept beside a tool."""

    source: str
    """Folder in the module."""

    target: str
    """Folder below `Tool.manifests`."""

    kustomized: bool = False
    """Whether the folder's kustomization is applied (its resources and JSON patches). Default: copied as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one tool is made."""

    name: str
    """Name of the tool and of its program."""

    module: GoModule
    """Module and version."""

    package: str = ""
    """Package of the program: an import path, or a folder of the module. Default: manifests only."""

    ldflags: str = "-s -w"
    """Flags of Go's linker."""

    pinned: bool = False
    """Whether `tools/modules/go.mod` builds it. Default: it builds in its own module's folder."""

    prints: str = ""
    """What `--version` prints first. Default: the program cannot say its version."""

    manifests: tuple[Manifests, ...] = ()
    """Folders that come with it."""

    cold_seconds: int = 0
    """Seconds of a build on two cores with an empty build cache (measured 2026-11-21)."""

    @property
    def version(self) -> str:
        """The version's tag, such as `v1.36.3`."""
        return self.module.tag

    @property
    def has_program(self) -> bool:
        """Whether there is a program, not only manifests."""
        return bool(self.package)

    @property
    def artifacts(self) -> Mapping[str, Artifact]:
        """Released programs with a pinned checksum, by platform."""
        return versions.ARTIFACTS.get(self.name, {})

    @property
    def identity(self) -> str:
        """What makes it this tool and no other: where this differs, it is made anew."""
        return json.dumps(
            {
                "module": f"{self.module.path}@{self.module.tag}",
                "package": self.package,
                "ldflags": self.ldflags,
                "manifests": [asdict(folder) for folder in self.manifests],
            }
        )


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return every tool's recipe by name, in the order in which they are made."""
    # Clients parse the API server's version, which a build from the module leaves at v0.0.0-master.
    package = "k8s.io/component-base/version"
    major, minor, _ = versions.KUBERNETES.number.split(".")
    kubernetes = (
        f"-s -w -X {package}.gitVersion={versions.KUBERNETES.tag}"
        f" -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
    )
    kwok = f"-s -w -X sigs.k8s.io/kwok/pkg/consts.Version={versions.KWOK.tag}"
    return {
        recipe.name: recipe
        for recipe in (
            Recipe(
                name="etcd",
                module=versions.ETCD,
                package="go.etcd.io/etcd/server/v3",
                pinned=True,
                prints=f"etcd Version: {versions.ETCD.number}",
                cold_seconds=36,
            ),
            _kubernetes("kube-apiserver", kubernetes, 153),
            _kubernetes("kube-controller-manager", kubernetes, 52),
            _kubernetes("kube-scheduler", kubernetes, 5),
            _kwok("kwok", kwok, 11),
            _kwok("kwokctl", kwok, 10),
            *_controllers(),
            Recipe(
                name="gateway-api",
                module=versions.GATEWAY_API,
                manifests=(Manifests(source="config/crd/standard", target="crds"),),
            ),
            Recipe(
                name="kube-score",
                module=versions.KUBE_SCORE,
                package="./cmd/kube-score",
                cold_seconds=35,
            ),
        )
    }


def _kubernetes(name: str, ldflags: str, cold_seconds: int) -> Recipe:
    return Recipe(
        name=name,
        module=versions.KUBERNETES,
        package=f"k8s.io/kubernetes/cmd/{name}",
        ldflags=ldflags,
        pinned=True,
        prints=f"Kubernetes {versions.KUBERNETES.tag}",
        cold_seconds=cold_seconds,
    )


def _kwok(name: str, ldflags: str, cold_seconds: int) -> Recipe:
    return Recipe(
        name=name,
        module=versions.KWOK,
        package=f"sigs.k8s.io/kwok/cmd/{name}",
        ldflags=ldflags,
        pinned=True,
        prints=f"{name} version {versions.KWOK.tag}",
        cold_seconds=cold_seconds,
    )


def _controllers() -> tuple[Recipe, ...]:
    """Return the tools that build in their own module's folder."""
    return (
        Recipe(
            name="metrics-server",
            module=versions.METRICS_SERVER,
            package="./cmd/metrics-server",
            manifests=(Manifests(source="manifests/base", target="base"),),
            cold_seconds=93,
        ),
        Recipe(
            name="karpenter-kwok",
            module=versions.KARPENTER,
            package="./kwok",
            manifests=(
                Manifests(source="pkg/apis/crds", target="crds"),
                Manifests(source="kwok/apis/crds", target="crds"),
            ),
            cold_seconds=87,
        ),
        Recipe(
            name="jobset",
            module=versions.JOBSET,
            package="./.",
            manifests=(
                Manifests(source="config/components/crd/bases", target="crds"),
                # Its patches keep the pod webhook to the pods of JobSets; without them it takes every pod.
                Manifests(source="config/components/webhook", target="webhook", kustomized=True),
            ),
            cold_seconds=86,
        ),
        Recipe(
            name="trainer",
            module=versions.TRAINER,
            package="./cmd/trainer-controller-manager",
            manifests=(
                Manifests(source="manifests/base/crds", target="crds", kustomized=True),
                Manifests(source="manifests/base/webhook", target="webhook", kustomized=True),
                Manifests(source="manifests/base/runtimes", target="runtimes", kustomized=True),
            ),
            cold_seconds=55,
        ),
        Recipe(
            name="keda-operator",
            module=versions.KEDA,
            package="./cmd/operator",
            # As released: the patches take metricType out of ScaledJob and bound ScaledObject's windows.
            manifests=(Manifests(source="config/crd", target="crds", kustomized=True),),
            cold_seconds=338,
        ),
        Recipe(
            name="keda-adapter",
            module=versions.KEDA,
            package="./cmd/adapter",
            manifests=(Manifests(source="config/metrics-server", target="metrics-server"),),
            cold_seconds=49,
        ),
    )


def chosen(names: Iterable[str]) -> tuple[Recipe, ...]:
    """Return the recipes of these tools, each once, in the given order.

    Raises:
        InvalidInput: a name is of no tool; every such name is listed, with close matches.
    """
    known = recipes()
    names = list(dict.fromkeys(names))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidInput("tools", [Problem("names", _no_such_tool(name, known)) for name in unknown])
    return tuple(known[name] for name in names)


def _no_such_tool(name: str, known: Iterable[str]) -> str:
    known = list(known)
    return f"'{name}' is no tool" + (suggestion(name, known) or f"; there are {', '.join(known)}")
