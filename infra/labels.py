"""Labels and names that the components share."""

import re
from typing import Final

from ..problems import Problems

MANAGED_BY: Final = "aidc"
NODE_POOL_LABEL: Final = "aidc.dev/node-pool"
"""Carried by every node of a pool; workloads select it."""

ACCELERATOR_LABEL: Final = "aidc.dev/accelerator"
"""Carried by every node with accelerators: the model by its name in the catalog, such as `h100`."""

GPU_TAINT: Final = "nvidia.com/gpu"
"""Carried by every NVIDIA GPU node, so that only workloads that ask for a GPU land there."""

_TAINTS: Final = {"nvidia.com": GPU_TAINT, "aws.amazon.com": "aws.amazon.com/neuron"}

_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_DNS_LABEL.pattern}(\.{_DNS_LABEL.pattern})*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_MAXIMUM_SUBDOMAIN: Final = 253
"""Characters of a DNS subdomain, RFC 1123: the bound of most objects' names, and of the prefixes of labels."""

_MAXIMUM_NAME: Final = 63
"""Characters of a DNS label, RFC 1123: the bound of names that become host names."""


def object_labels(name: str, component: str) -> dict[str, str]:
    """Kubernetes' recommended labels: what the object is called, what part it plays, who manages it."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/managed-by": MANAGED_BY,
    }


def selector_labels(name: str, component: str) -> dict[str, str]:
    """The labels that select a workload's pods; never changed after creation."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/component": component}


def accelerator_taint(resource: str) -> str:
    """Return the taint of nodes whose accelerators are counted in `resource`, such as `nvidia.com/mig-1g.10gb`."""
    return _TAINTS.get(resource.partition("/")[0], resource)


def check_name(problems: Problems, path: str, name: str, *, room: int = 0, host: bool = False) -> None:
    """Require a DNS label that leaves `room` characters for what is appended to it.

    A `host` must start with a letter, as the names of Services, JobSets and their pods do (RFC 1035).
    """
    bound = _MAXIMUM_NAME - room
    if len(name) > bound:
        problems.add(path, f"'{name}' has {len(name)} characters; give {bound} or fewer")
    elif not _DNS_LABEL.fullmatch(name):
        problems.add(path, f"'{name}' is not a DNS label; use lower-case letters, digits and inner hyphens")
    elif host and not name[0].isalpha():
        problems.add(path, f"'{name}' starts with a digit; start it with a letter")


def check_object_name(problems: Problems, path: str, name: str) -> None:
    """Require the name of an object whose name becomes no host name, such as a Secret or a claim: a DNS subdomain."""
    if not _is_subdomain(name):
        problems.add(path, f"'{name}' is not a DNS subdomain; use lower-case letters, digits, inner hyphens and dots")


def check_label_key(problems: Problems, path: str, key: str, *, example: str = "example.com/team") -> None:
    """Require a qualified name: letters and digits, or those behind a DNS prefix and a slash."""
    prefix, slash, name = key.rpartition("/")
    if not _LABEL.fullmatch(name) or (slash and not _is_subdomain(prefix)):
        problems.add(path, f"'{key}' is not a qualified name; write it like {example}")


def check_label_value(problems: Problems, path: str, value: str) -> None:
    """Require a value that a label can have."""
    if not _LABEL.fullmatch(value):
        problems.add(path, f"'{value}' cannot be a label's value; give 1 to 63 letters, digits, -, _ and .")


def _is_subdomain(name: str) -> bool:
    return len(name) <= _MAXIMUM_SUBDOMAIN and _SUBDOMAIN.fullmatch(name) is not None
