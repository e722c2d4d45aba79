"""What was written, and what became of every record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .partitions import Plan
from .settings import PreprocessingSettings
from .tables import output_schema

MANIFEST: Final = "manifest.json"
"""Name of the manifest, which is written last."""


class Unbalanced(AssertionError):
    """Records were lost or counted twice: a fault of this program, so that nothing is finished."""


def make_manifest(
    plan: Plan,
    settings: PreprocessingSettings,
    prepared: Sequence[Mapping[str, Any]],
    removal: Sequence[Mapping[str, Any]],
    shards: Sequence[Mapping[str, Any]],
    aside: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the manifest.

    Raises:
        Unbalanced: the records read are not those written, put aside, filtered and repeated.
    """
    quarantined, filtered, changed = (_sum(prepared, name) for name in ("quarantined", "filtered", "changed"))
    duplicates = {kind: sum(marker[kind] for marker in removal) for kind in ("exact", "near")}
    read = sum(marker["read"] for marker in prepared)
    written = sum(shard["rows"] for shard in shards)
    accounted = written + sum(quarantined.values()) + sum(filtered.values()) + sum(duplicates.values())
    kept_aside = sum(quarantined.values()) + (sum(filtered.values()) if settings.output.keep_filtered else 0)
    found_aside = sum(file["records"] for file in aside)
    if read != accounted or kept_aside != found_aside:
        raise Unbalanced(
            f"{read} records were read, {accounted} are accounted for; {kept_aside} were put aside, {found_aside} found"
        )
    return {
        "format": 1,
        "fingerprint": plan.fingerprint(settings),
        "settings": settings.model_dump(mode="json", exclude={"resources", "metrics_port"}),
        "input": [{"path": source.path, "bytes": source.size} for source in plan.sources],
        "schema": {field.name: str(field.type) for field in output_schema(settings)},
        "records": {
            "read": read,
            "written": written,
            "quarantined": quarantined,
            "filtered": filtered,
            "duplicates": duplicates,
        },
        "changed": changed,
        "shards": list(shards),
        "quarantine": list(aside),
    }


def _sum(markers: Sequence[Mapping[str, Any]], name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for marker in markers:
        total.update(marker[name])
    return dict(sorted(total.items()))
