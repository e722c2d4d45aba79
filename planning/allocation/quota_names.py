"""Quotas by their code, or by the class of instances that count against them."""

from ...problems import Problems, suggestion
from ..catalog import quotas
from ..catalog.prices import ON_DEMAND, SPOT


def quota_code(name: str, path: str, problems: Problems) -> str | None:
    """Return the code of a quota; else add to `problems` at `path` and return None.

    Args:
        name: a code such as `L-417A185B`, or a class such as `p` (on demand) or `p5/spot`.
        path: where it was given.
        problems: collects what is wrong.
    """
    codes = {quota.code.lower(): quota.code for quota in quotas()}
    wanted = name.strip().lower()
    if wanted in codes:
        return codes[wanted]
    letters, _, option = wanted.partition("/")
    for quota in quotas():
        if quota.capacity_type == (option or ON_DEMAND) and letters in quota.classes:
            return quota.code
    classes = {
        name if quota.capacity_type == ON_DEMAND else f"{name}/{SPOT}" for quota in quotas() for name in quota.classes
    }
    known = [*codes.values(), *sorted(classes)]
    problems.add(path, f"'{name}' is no quota" + (suggestion(name, known) or f"; known: {', '.join(known)}"))
    return None
