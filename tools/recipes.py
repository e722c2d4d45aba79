"""How each tool is made: its module, its package, and the manifests that come with it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
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

    tags: tuple[str, ...] = ()
    """Build tags. Default: none."""

    linux_only: bool = False
    """Whether it runs on Linux alone. Default: wherever the control plane runs."""

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
                # Only where there are any: the tools that were made before there were tags stay what they are.
                **({"tags": self.tags} if self.tags else {}),
                "manifests": [asdict(folder) for folder in self.manifests],
            }
        )


def made_here(system: str) -> tuple[str, ...]:
    """Return the names of the tools that run on a system, such as `Linux` or `Darwin`."""
    return tuple(name for name, recipe in recipes().items() if system == "Linux" or not recipe.linux_only)


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
            *_node(kubernetes),
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
        *(
            Recipe(
                name=f"vpa-{name}",
                module=versions.VERTICAL_POD_AUTOSCALER,
                package=f"./pkg/{name}",
                # Of this folder only the definitions are installed; its deployments are for clusters with images.
                manifests=(Manifests(source="deploy", target="crds", kustomized=True),) * (name == "recommender"),
                cold_seconds=seconds,
            )
            for name, seconds in (("recommender", 106), ("updater", 25), ("admission-controller", 5))
        ),
    )


def _node(kubernetes: str) -> tuple[Recipe, ...]:
    """Return what a real node runs."""
    containerd = f"-s -w -X {versions.CONTAINERD.path}/version.Version={versions.CONTAINERD.tag}"
    return (
        replace(_kubernetes("kubelet", kubernetes, 35), linux_only=True),
        replace(_kubernetes("kube-proxy", kubernetes, 9), linux_only=True),
        # Kubernetes has it written in C, and publishes it as an image alone.
        Recipe(name="pause", module=versions.KUBERNETES, package="./pause", pinned=True, linux_only=True),
        *(
            Recipe(
                name=name,
                module=versions.CONTAINERD,
                package=f"./cmd/{name}",
                ldflags=containerd,
                # Snapshotters that want C libraries, and that nothing here uses.
                tags=("no_btrfs", "no_devmapper", "no_zfs"),
                linux_only=True,
                cold_seconds=seconds,
            )
            for name, seconds in (("containerd", 60), ("containerd-shim-runc-v2", 2), ("ctr", 3))
        ),
        Recipe(
            name="coredns",
            module=versions.COREDNS,
            package="./.",
            linux_only=True,
            cold_seconds=245,
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
