"""Why something is not ready: what the scheduler, Karpenter, the controllers and the webhooks said about it."""

from collections.abc import Iterable

from .client import Client
from .families import Families, Key
from .objects import Object, condition, metadata, status, table

_MOST = 4
_LENGTH = 300
_REPEATED = ("FailedGetResourceMetric", "FailedComputeMetricsReplicas")


def reasons(client: Client, families: Families, key: Key) -> list[str]:
    """Return what was said about a workload and everything below it: a few lines, the newest first."""
    pods = families.pods_of(key)
    found: list[str] = []
    pending = [pod for pod in pods if status(pod).get("phase") == "Pending"]
    if pending:
        message = condition(pending[0], "PodScheduled").get("message")
        if message:
            found.append(f"{_count(pending)} pending; the scheduler says: {_brief(message)}")
    members = families.members(key)
    for event in _warnings(client, key.namespace):
        about = table(event.get("involvedObject"))
        of_member = Key(str(about.get("kind")), key.namespace, str(about.get("name"))) in members
        # The scheduler's word is the pods' own condition; the HPA's is in its verdict.
        said = (_speaker(event), event.get("reason"))
        if of_member and said[0] != "default-scheduler" and said[1] not in _REPEATED:
            found.append(f"{_speaker(event)} says: {event.get('message')}")
    if key.kind in ("NodePool", "NodeClaim") or pending:
        found += _node_claims(client)
    # The same thing is said about each pod; its name is not worth a line of its own.
    return list(dict.fromkeys(_short(line) for line in found))[:_MOST]


def _count(pods: list[Object]) -> str:
    return "1 pod" if len(pods) == 1 else f"{len(pods)} pods"


def _warnings(client: Client, namespace: str) -> Iterable[Object]:
    events = client.list("v1", "Event", namespace or None)
    warnings = [
        event
        for event in events
        if event.get("type") == "Warning"
        # Karpenter explains what it cannot do in warnings too, but what it plans in normal events.
        or "karpenter" in _speaker(event)
    ]
    return sorted(warnings, key=_time, reverse=True)


def _time(event: Object) -> str:
    series = table(event.get("series"))
    stamps = (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        metadata(event).get("creationTimestamp"),
    )
    return next((str(stamp) for stamp in stamps if stamp), "")


def _speaker(event: Object) -> str:
    source = table(event.get("source"))
    return str(event.get("reportingComponent") or source.get("component") or "the cluster")


def _node_claims(client: Client) -> list[str]:
    found: list[str] = []
    for claim in client.list("karpenter.sh/v1", "NodeClaim"):
        for kind in ("Launched", "Registered", "Initialized"):
            entry = condition(claim, kind)
            if entry.get("status") in ("False", "Unknown") and entry.get("message"):
                found.append(f"node claim {metadata(claim)['name']}: {entry['message']}")
                break
    return found


def _brief(message: str) -> str:
    """Return what keeps the pods from the nodes, without why others could not be pushed off them."""
    for start in (" preemption:", " no new claims to deallocate"):
        message = message.partition(start)[0].rstrip(",. ")
    return message


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= _LENGTH else line[: _LENGTH - 3] + "..."
