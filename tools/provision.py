"""Tools are provided: found where they are, downloaded where they are released, built where they are not."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import manifests
from .build_cache import BuildCache
from .downloads import DownloadFailed, Downloads
from .errors import ToolError
from .folder import Folder, How, Tool
from .golang import Go
from .progress import Report, Silence
from .recipes import Recipe, chosen, made_here

_LONG_SECONDS = 60
_BUILD_CACHE = ".go-build"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def provide(
    names: Iterable[str] | None = None,
    report: Report | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Mapping[str, Tool]:
    """Return tools that are ready to run, and make those that are not there.

    For each, in this order: what is there already (in the folder of tools, or on PATH where the program
    itself says that it has the right version), the released program with its pinned checksum, a build from
    its Go module. May be interrupted at any moment, and called by several processes at once.

    Args:
        names: Which. Default: all that run on this system.
        report: Is told what happens. Default: nobody.
        environment: With AIDC_TOOLS (the folder), AIDC_DOWNLOADS (an address that stands in for the
            hosts of released programs, or `off`), PATH, and what Go needs. Default: this process's.

    Returns:
        Every tool by its name.

    Raises:
        InvalidInput: a name is of no tool, or AIDC_DOWNLOADS is no address.
        ToolError: a tool cannot be had on this machine; says why, and what to do.
    """
    environment = os.environ if environment is None else environment
    run = _Run(
        environment=environment,
        folder=Folder.of(environment),
        downloads=Downloads.of(environment),
        report=report or Silence(),
    )
    wanted = chosen(made_here(platform.system()) if names is None else names)
    tools = {recipe.name: tool for recipe in wanted if (tool := run.find_or_download(recipe))}
    missing = [recipe for recipe in wanted if recipe.name not in tools]
    if missing:
        tools.update(run.build(missing))
    return {recipe.name: tools[recipe.name] for recipe in wanted}


def find(recipe: Recipe, folder: Folder, environment: Mapping[str, str]) -> Tool | None:
    """Return a tool that is there: in the folder of tools, or on PATH with the right version."""
    if tool := folder.find(recipe):
        return tool
    if not recipe.prints or recipe.manifests:
        return None
    program = shutil.which(recipe.name, path=environment.get("PATH", ""))
    if program is None or not says_its_version(recipe, Path(program), environment):
        return None
    return Tool(
        name=recipe.name,
        version=recipe.version,
        folder=Path(program).parent,
        program=Path(program),
        how=How.THERE,
        seconds=0.0,
    )


def says_its_version(recipe: Recipe, program: Path, environment: Mapping[str, str]) -> bool:
    """Return whether a program starts and says, by `--version`, that it is exactly this version."""
    try:
        answer = subprocess.run(
            [program, "--version"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    first = answer.stdout.partition("\n")[0].rstrip()
    return answer.returncode == 0 and (first == recipe.prints or first.startswith(recipe.prints + " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    environment: Mapping[str, str]
    folder: Folder
    downloads: Downloads | None
    report: Report

    def find_or_download(self, recipe: Recipe) -> Tool | None:
        """Return the tool if it is there or can be downloaded; else it is to be built."""
        if tool := find(recipe, self.folder, self.environment):
            self._there(tool)
            return tool
        artifact = recipe.artifacts.get(_platform())
        if artifact is None or self.downloads is None:
            return None
        downloads = self.downloads
        if hopeless := downloads.hopeless(artifact):
            self._not_downloaded(recipe, hopeless)
            return None
        with self.folder.lock(recipe, self._waiting(recipe)):
            if tool := self.folder.find(recipe):
                self._there(tool)
                return tool
            started = time.monotonic()
            self.report.begin(recipe.name, f"{recipe.version}, downloading {artifact.address}")

            def fill(partial: Path) -> None:
                program = partial / recipe.name
                downloads.fetch(artifact, program, lambda text: self.report.detail(recipe.name, text))
                if not says_its_version(recipe, program, self.environment):
                    raise DownloadFailed(f"the program does not start, or is not {recipe.version}")

            try:
                tool = self.folder.install(recipe, How.DOWNLOADED, fill, started)
            except DownloadFailed as failure:
                self._not_downloaded(recipe, str(failure))
                return None
        self._made(tool)
        return tool

    def build(self, wanted: Sequence[Recipe]) -> dict[str, Tool]:
        """Build tools, one after the other: Go itself uses every core."""
        cache = BuildCache(self.folder.root / _BUILD_CACHE)
        with cache.used(self.environment) as environment:
            tools = self._built(Go.find(environment, wanted), wanted)
        # What is left of the tools shares most packages with these.
        if all(find(each, self.folder, self.environment) for each in chosen(made_here(platform.system()))):
            cache.remove()
        return tools

    def _built(self, go: Go, wanted: Sequence[Recipe]) -> dict[str, Tool]:
        tools: dict[str, Tool] = {}
        seconds = sum(recipe.cold_seconds for recipe in wanted)
        if seconds >= _LONG_SECONDS:
            estimate = f"about {seconds / 60:.0f} min on two cores when nothing is cached"
            self.report.line("tools", f"{len(wanted)} to build, {estimate}")
        for recipe in wanted:
            with self.folder.lock(recipe, self._waiting(recipe)):
                if tool := self.folder.find(recipe):
                    self._there(tool)
                else:
                    tool = self._build(go, recipe)
                tools[recipe.name] = tool
        return tools

    def _build(self, go: Go, recipe: Recipe) -> Tool:
        started = time.monotonic()
        source = f"{recipe.module.path}@{recipe.version}"
        if recipe.has_program:
            estimate = f"about {recipe.cold_seconds} s when nothing is cached"
            self.report.begin(recipe.name, f"{recipe.version}, building from {source} ({estimate})")
        else:
            self.report.begin(recipe.name, f"{recipe.version}, copying manifests of {source}")

        def fill(partial: Path) -> None:
            module = None if recipe.pinned else go.module(recipe)
            program = partial / recipe.name
            if recipe.has_program:
                go.build(recipe, module, program, lambda text: self.report.detail(recipe.name, text))
            if recipe.prints and not says_its_version(recipe, program, self.environment):
                raise ToolError(
                    f"{recipe.name} was built, but does not start, or is not {recipe.version}; if"
                    f" {self.folder.root} may not hold programs (noexec), set AIDC_TOOLS to another folder"
                )
            if module is not None:
                manifests.keep(recipe.manifests, module, partial / "manifests")

        tool = self.folder.install(recipe, How.BUILT, fill, started)
        self._made(tool)
        return tool

    def _not_downloaded(self, recipe: Recipe, why: str) -> None:
        self.report.line(recipe.name, f"not downloaded: {why}; it will be built")

    def _waiting(self, recipe: Recipe) -> "_Waiting":
        return _Waiting(self.report, recipe.name)

    def _there(self, tool: Tool) -> None:
        self.report.line(tool.name, f"{tool.version} is there: {tool.program or tool.folder}")

    def _made(self, tool: Tool) -> None:
        how = tool.how.value if tool.program else "manifests copied"
        self.report.line(tool.name, f"{tool.version} {how} in {tool.seconds:.1f} s")


@dataclass(frozen=True, slots=True)
class _Waiting:
    report: Report
    tool: str

    def __call__(self, holder: str) -> None:
        self.report.begin(self.tool, f"{holder} is making it; waiting for that")


def _platform() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}/{_ARCHITECTURES.get(machine, machine)}"
