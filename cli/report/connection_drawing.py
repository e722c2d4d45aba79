"""The picture of what uses what: boxes in three columns, and the curves between them, as plain coordinates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ...planning.plan.summary import PlannedWorkload
from .connections import Connections, key_of
from .places import Pool
from .storage_places import StoragePlace

_WIDTH: Final = 1040
_BOX_WIDTH: Final = 270
_BOX_HEIGHT: Final = 44
_GAP: Final = 12
_HEADING: Final = 34
_MOST_BOXES: Final = 24
"""Boxes of one column: a picture of more is none."""

_MOST_LETTERS: Final = 32
_MOST_SMALL_LETTERS: Final = 42
_Row = tuple[str, str, str]
"""Key, title and detail of a box."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One thing of the picture."""

    x: float
    y: float
    kind: str
    """`entrance`, `workload`, `pool` or `storage`."""

    title: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """Words above boxes."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A line from the right side of one box to the left side of another."""

    kind: str
    """Kind of what it leads from or to: `entrance`, `pool` or `storage`."""

    path: str
    """In the language of SVG."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A picture, in its own units."""

    width: int
    height: int
    box_width: int
    box_height: int
    headings: tuple[Heading, ...]
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    description: str
    """The same in words, for who does not see it."""

    left_out: int
    """Things that it has no room for."""


class _Layout:
    """Boxes as they are placed."""

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self.boxes: dict[str, Box] = {}
        self.left_out = 0

    def column(self, x: float, y: float, title: str, kind: str, rows: Sequence[_Row]) -> float:
        """Place boxes below each other, under their title; return where the next ones may begin."""
        if not rows:
            return y
        self.headings.append(Heading(x=x, y=y + _HEADING - 12, text=title))
        y += _HEADING
        self.left_out += max(0, len(rows) - _MOST_BOXES)
        for key, name, detail in rows[:_MOST_BOXES]:
            shown = _short(detail, _MOST_SMALL_LETTERS)
            self.boxes[key] = Box(x=x, y=y, kind=kind, title=_short(name, _MOST_LETTERS), detail=shown)
            y += _BOX_HEIGHT + _GAP
        return y

    def curve(self, start: str, end: str, kind: str) -> Iterator[Curve]:
        """Yield the line between two boxes, where both have been placed."""
        if start in self.boxes and end in self.boxes:
            first, second = self.boxes[start], self.boxes[end]
            x, y = first.x + _BOX_WIDTH, first.y + _BOX_HEIGHT / 2
            to_y = second.y + _BOX_HEIGHT / 2
            bend = (x + second.x) / 2
            yield Curve(kind=kind, path=f"M{x:g} {y:g}C{bend:g} {y:g} {bend:g} {to_y:g} {second.x:g} {to_y:g}")


def draw_connections(
    workloads: Sequence[PlannedWorkload], connections: Connections, pools: Sequence[Pool]
) -> Drawing | None:
    """Return the picture of a plan; None where nothing runs.

    Args:
        workloads: Of the plan.
        connections: Between its things.
        pools: Of its cluster.
    """
    if not workloads:
        return None
    layout = _Layout()
    # Workloads stand in the order of their nodes: fewer lines cross.
    order = {each.name: place for place, each in enumerate(pools)}
    workloads = sorted(workloads, key=lambda each: order.get(each.pool or "any node", len(order)))
    middle, right = (_WIDTH - _BOX_WIDTH) / 2, _WIDTH - _BOX_WIDTH - 1
    entrances = [(each.key, each.name, each.kind) for each in connections.entrances]
    storage = [(each.key, each.name, _storage_detail(each)) for each in _used(connections)]
    chosen = {each.pool for each in workloads}
    machines = [(_pool(each.name), each.name, each.machines) for each in pools if each.name in chosen | {"any node"}]
    ends = [
        layout.column(1, 0, "Entrances", "entrance", entrances),
        layout.column(middle, 0, "Workloads", "workload", [_workload(each) for each in workloads]),
    ]
    lower = layout.column(right, 0, "Nodes", "pool", machines)
    ends.append(layout.column(right, lower, "Storage", "storage", storage))
    curves: list[Curve] = []
    sentences: list[str] = []
    for each in workloads[:_MOST_BOXES]:
        own, name = key_of(each.workload), each.workload.name
        key = _workload(each)[0]
        for entrance in connections.reached.get(own, ()):
            curves += layout.curve(entrance.key, key, "entrance")
            sentences.append(f"{entrance.kind} {entrance.name} leads to {name}")
        curves += layout.curve(key, _pool(each.pool or "any node"), "pool")
        sentences.append(f"{name} runs on {each.pool or 'any node'}")
        for place in connections.used.get(own, ()):
            curves += layout.curve(key, place.key, "storage")
            sentences.append(f"{name} keeps data on {place.name}")
    return Drawing(
        width=_WIDTH,
        height=round(max(ends)),
        box_width=_BOX_WIDTH,
        box_height=_BOX_HEIGHT,
        headings=tuple(layout.headings),
        boxes=tuple(layout.boxes.values()),
        curves=tuple(curves),
        description="; ".join(sentences),
        left_out=layout.left_out,
    )


def _workload(each: PlannedWorkload) -> _Row:
    workload = each.workload
    detail = f"{workload.kind} in {workload.namespace}" if workload.namespace else workload.kind
    return "workload " + " ".join(key_of(workload)), workload.name, detail


def _pool(name: str) -> str:
    return f"pool {name}"


def _storage_detail(each: StoragePlace) -> str:
    return f"{each.kind}, {each.size}" if each.size else each.kind


def _used(connections: Connections) -> Iterator[StoragePlace]:
    used = {place.key for places in connections.used.values() for place in places}
    return (each for each in connections.storage if each.key in used)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
