"""Which Kubernetes versions go together: control plane, nodes, add-ons, Karpenter."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ...problems import Problems
from ..versions import EKS_ADDONS, KARPENTER_MINIMUMS

MAXIMUM_NODE_SKEW: Final = 3
"""Minor versions that a kubelet may be older than the API server: kubernetes.io, Version Skew Policy."""

_MINOR: Final = re.compile(r"(\d+)\.(\d+)")
_BUILD: Final = re.compile(r"v\d+\.\d+\.\d+(-[a-z]+)*-eksbuild\.\d+")
_PER_KUBERNETES: Final = "kube-proxy"
"""The add-on whose own version is that of Kubernetes."""


def check_minor_version(problems: Problems, path: str, version: str) -> bool:
    """Require a minor version such as `1.36`; return whether it is one."""
    if _MINOR.fullmatch(version):
        return True
    problems.add(path, f"'{version}' is not a minor version; write it like 1.36, in quotes")
    return False


def check_node_skew(problems: Problems, path: str, *, control_plane: str, nodes: str) -> None:
    """Require nodes that the control plane can talk to: not newer, and three minor versions older at most."""
    ahead = _minor(nodes) - _minor(control_plane)
    if ahead > 0:
        problems.add(path, f"{nodes} is newer than the control plane's {control_plane}; upgrade that first")
    elif -ahead > MAXIMUM_NODE_SKEW:
        oldest = f"{_major(control_plane)}.{_minor(control_plane) - MAXIMUM_NODE_SKEW}"
        problems.add(
            path,
            f"{nodes} is {-ahead} minor versions behind the control plane's {control_plane}; give {oldest} or newer",
        )


def check_upgrade(problems: Problems, path: str, *, current: str, wanted: str) -> None:
    """Require an upgrade that EKS makes: one minor version at a time, never back."""
    steps = _minor(wanted) - _minor(current)
    if steps < 0:
        problems.add(path, f"{wanted} is older than the cluster's {current}; EKS never goes back, give {current}")
    elif steps > 1:
        following = f"{_major(current)}.{_minor(current) + 1}"
        problems.add(
            path, f"{wanted} is {steps} minor versions after the cluster's {current}; go by one, to {following} first"
        )


def check_karpenter(problems: Problems, path: str, *, kubernetes: str, karpenter: str) -> None:
    """Require a Karpenter that knows this Kubernetes version.

    Source: Karpenter's compatibility matrix, as in `KARPENTER_MINIMUMS`.
    """
    minimum = KARPENTER_MINIMUMS.get(kubernetes)
    if minimum is None:
        known = ", ".join(sorted(KARPENTER_MINIMUMS, key=_minor))
        problems.add(path, f"no Karpenter is known to run on Kubernetes {kubernetes}; give one of {known}")
    elif _numbers(karpenter) < _numbers(minimum.number):
        problems.add(
            path,
            f"Karpenter {karpenter} does not run on Kubernetes {kubernetes}; take Karpenter {minimum.number} or later, "
            "or an older Kubernetes",
        )


def addon_versions(
    problems: Problems, kubernetes_version: str, names: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the version of each add-on for a Kubernetes version: the one given, or the pinned one."""
    pinned = EKS_ADDONS.get(kubernetes_version, {})
    found: dict[str, str] = {}
    for name in given:
        if name not in names:
            problems.add(f"addonVersions.{name}", "no such add-on is installed; name it in addons, or leave it out")
    for name in sorted(names):
        if name in given:
            found[name] = given[name]
            _check_build(problems, f"addonVersions.{name}", name, given[name], kubernetes_version)
        elif name in pinned:
            found[name] = pinned[name].tag
        else:
            problems.add(
                f"addonVersions.{name}",
                f"no version is pinned for Kubernetes {kubernetes_version}, only for {', '.join(EKS_ADDONS)}; name one "
                f"of 'aws eks describe-addon-versions --addon-name {name} --kubernetes-version {kubernetes_version}'",
            )
    return found


def _check_build(problems: Problems, path: str, name: str, version: str, kubernetes_version: str) -> None:
    if not _BUILD.fullmatch(version):
        problems.add(path, f"'{version}' is not a build of EKS; write it like v1.2.3-eksbuild.1")
    elif name == _PER_KUBERNETES:
        proxy = ".".join(version.removeprefix("v").split(".")[:2])
        check_node_skew(problems, path, control_plane=kubernetes_version, nodes=proxy)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _major(version: str) -> int:
    return _numbers(version)[0]


def _minor(version: str) -> int:
    return _numbers(version)[1]
