"""Names in the settings that stand for something else on AWS: a certificate, a firewall, a vault, a subnet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from ..problems import Problems, camel_case, suggestion
from .addon_needs import check_addons
from .families import Plans, Sections
from .images import check_repository

RECOVERY_SITE: Final = "recovery-site"
"""What a schedule of backups calls the vault of the second region."""

_FAMILIES: Final[Mapping[str, str]] = {
    "certificate_arn": "certificates",
    "certificate_arns": "certificates",
    "web_acl_arn": "web_firewalls",
}
"""Keys whose value is an ARN, or the name of a component of a family."""


def check_references(
    problems: Problems, sections: Sections, plans: Plans, *, zones: Collection[str], has_foundation: bool
) -> None:
    """Refuse names that stand for nothing, and scaling by what is not in the cluster.

    Args:
        problems: where problems go.
        sections: inputs of all components, by family, then by name.
        plans: their plans.
        zones: zones of the network, which stand for their private subnets.
        has_foundation: whether the recovery site is declared here, and not in a layer beneath.
    """
    site = sections.get("recovery_site", {}).get("")
    for family, section in sections.items():
        for name, args in section.items():
            path = f"{camel_case(family)}.{name}" if name else camel_case(family)
            for place, key, value in _texts(args, path):
                if key in _FAMILIES:
                    _check_arn(problems, place, value, _FAMILIES[key], sections)
                elif key == "subnet_id" and not value.startswith("subnet-") and value not in zones:
                    close = suggestion(value, zones)
                    problems.add(place, f"'{value}' is neither a zone of this network nor a subnet's id{close}")
                elif key == "repository_url" and has_foundation:
                    check_repository(problems, place, value, sections.get("container_registry", {}).get(""))
                elif key == "copy_to" and not value.startswith("arn:"):
                    if value != RECOVERY_SITE:
                        close = suggestion(value, [RECOVERY_SITE])
                        problems.add(place, f"'{value}' is neither {RECOVERY_SITE} nor an ARN{close}")
                    elif site is None:
                        problems.add(place, f"there is no recovery site; add recoverySite, or leave {place} out")
    _check_replications(problems, sections, site if has_foundation else None, is_here=has_foundation)
    check_addons(problems, sections, plans)


def _check_arn(problems: Problems, path: str, value: str, family: str, sections: Sections) -> None:
    known = sections.get(family, {})
    if not value.startswith("arn:") and value not in known:
        close = suggestion(value, known) or "; add it there, or give an ARN"
        problems.add(path, f"there is no '{value}' in {camel_case(family)}{close}")


def _check_replications(
    problems: Problems, sections: Sections, site: Mapping[str, Any] | None, *, is_here: bool
) -> None:
    stores = sections.get("object_stores", {})
    for name in sections.get("bucket_replications", {}):
        path = f"bucketReplications.{name}"
        if name not in stores:
            close = suggestion(name, stores) or "; name it like the store that is copied"
            problems.add(path, f"there is no '{name}' in objectStores{close}")
        elif is_here and (site is None or name not in site.get("buckets", {})):
            problems.add(path, f"the recovery site has no bucket '{name}'; add recoverySite.buckets.{name}")


def _texts(value: Any, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield every text with its path and the key that it stands under; items of a list stand under the list's."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, Mapping):
        for inner, item in cast(Mapping[str, Any], value).items():
            yield from _texts(item, f"{path}.{camel_case(inner)}", inner)
    elif isinstance(value, list):
        for index, item in enumerate(cast(Sequence[Any], value)):
            yield from _texts(item, f"{path}[{index}]", key)
