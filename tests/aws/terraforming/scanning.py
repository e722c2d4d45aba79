"""The scanners that auditors use, run over what was written to a folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from aidc.infra import versions
from aidc.tools import provide

_SECONDS = 600
_GRADE_OK = 10
"""kube-score's grade of a check with nothing to say."""


class Missing(Exception):
    """A scanner cannot be had on this machine; says why."""


@dataclass(frozen=True, order=True)
class Finding:
    """One check that one resource does not pass."""

    folder: str
    """First folder below the root: the environment."""

    check: str
    resource: str
    text: str

    def __str__(self) -> str:
        return f"{self.folder}: {self.check} {self.resource}: {self.text}"


@dataclass(frozen=True)
class Scan:
    """What a scanner found, and what passed."""

    findings: frozenset[Finding]
    passed: frozenset[tuple[str, str]]
    """`(folder, check)` of each check that some resource passed."""


def checkov(root: Path) -> Scan:
    """Run checkov over Terraform and manifests; it has an environment of its own, kept by uv's cache."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(Path(__file__).parents[3] / ".uv/bin/uv")
    tool = [uv, "tool", "run", "--no-progress", "--python", sys.executable, "--from"]
    tool.append(f"checkov=={versions.CHECKOV.number}")
    # It asks hosts of its vendor for news unless it is told that there are none to ask.
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "LOG_LEVEL": "ERROR"}
    environment.pop("VIRTUAL_ENV", None)
    try:
        ready = subprocess.run(
            [*tool, "checkov", "--version"], capture_output=True, text=True, timeout=_SECONDS, env=environment
        )
    except OSError as error:
        raise Missing(f"uv is not there to run checkov: {error}") from error
    if ready.returncode:
        raise Missing(f"checkov {versions.CHECKOV.number} cannot be installed: {ready.stderr.strip()[-500:]}")
    command = [*tool, "checkov", "-d", str(root), "--framework", "terraform", "kubernetes"]
    command += ["--output", "json", "--compact", "--skip-download"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, env=environment)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    reports = json.loads(done.stdout)
    found: set[Finding] = set()
    passed: set[tuple[str, str]] = set()
    for report in reports if isinstance(reports, list) else [reports]:
        results = report.get("results", {})
        assert not results.get("parsing_errors"), results["parsing_errors"]
        for each in results.get("failed_checks", ()):
            resource = each["resource"].removeprefix("resource.")
            found.add(Finding(_folder(each["file_path"]), each["check_id"], resource, each["check_name"]))
        passed |= {(_folder(each["file_path"]), each["check_id"]) for each in results.get("passed_checks", ())}
    return Scan(frozenset(found), frozenset(passed))


def kube_score(files: Mapping[str, Path]) -> Scan:
    """Run kube-score over the manifests of each environment."""
    program = provide(["kube-score"])["kube-score"].path
    found: set[Finding] = set()
    passed: set[tuple[str, str]] = set()
    for folder, path in files.items():
        command = [
            str(program),
            "score",
            "-o",
            "json",
            "--kubernetes-version",
            f"v{versions.KUBERNETES.minor}",
            str(path),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
        for scored in json.loads(done.stdout) or ():
            metadata = scored["object_meta"]
            name = ".".join(filter(None, (scored["type_meta"]["kind"], metadata.get("namespace"), metadata["name"])))
            for each in scored["checks"]:
                check = each["check"]["id"]
                if each["skipped"]:
                    continue
                if each["grade"] >= _GRADE_OK:
                    passed.add((folder, check))
                else:
                    told = "; ".join(dict.fromkeys(comment["summary"] for comment in each["comments"] or ()))
                    found.add(Finding(folder, check, name, told))
    return Scan(frozenset(found), frozenset(passed))


def _folder(path: str) -> str:
    return Path(path).parts[1]


@dataclass(frozen=True)
class Exceptions:
    """Findings that stay, each with its reason."""

    entries: Sequence[Mapping[str, Any]]

    def matching(self, finding: Finding) -> Iterator[int]:
        for index, each in enumerate(self.entries):
            names = each["resources"]
            if each["check"] == finding.check and any(fnmatchcase(finding.resource, name) for name in names):
                yield index

    def remaining(self, findings: Sequence[Finding]) -> list[Finding]:
        return sorted(finding for finding in findings if not any(True for _ in self.matching(finding)))

    def unused(self, findings: Sequence[Finding]) -> list[Mapping[str, Any]]:
        used = {index for finding in findings for index in self.matching(finding)}
        return [each for index, each in enumerate(self.entries) if index not in used]
