"""The programs and published manifests that a control plane needs, as `aidc.tools` provides them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..tools import Report, provide


@dataclass(frozen=True, slots=True)
class Tooling:
    """Where programs and manifests are."""

    programs: Mapping[str, Path]
    """Program by tool."""

    manifests: Mapping[str, Path]
    """Folder of manifests by tool, for those that come with any."""


def provide_tooling(names: Iterable[str], report: Report) -> Tooling:
    """Find, download or build these tools.

    Raises:
        ToolError: one cannot be had on this machine.
    """
    tools = provide(list(names), _WithoutFound(report))
    return Tooling(
        {name: tool.program for name, tool in tools.items() if tool.program is not None},
        {name: folder for name, tool in tools.items() if (folder := tool.folder / "manifests").is_dir()},
    )


class _WithoutFound:
    """Passes on what is made, not the list of what is there already: that is what every start but one says."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def begin(self, tool: str, text: str) -> None:
        self._report.begin(tool, text)

    def detail(self, tool: str, text: str) -> None:
        self._report.detail(tool, text)

    def line(self, tool: str, text: str) -> None:
        if " is there: " not in text:
            self._report.line(tool, text)
