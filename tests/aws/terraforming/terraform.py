"""The terraform command: found, given the provider that lies on this machine, and run."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .schemas import SOURCE, Provider

# Implied mirrors of Terraform's own (its documentation: CLI configuration, implied local mirror directories), and
# where images of build machines put one.
_ROOTS: Final = ("/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins", "/opt", "/usr/local/share")
_DEPTH: Final = 2


class Missing(Exception):
    """Terraform or its AWS provider is not on this machine; says which, and where it was looked for."""


def plugin_folder(environment: Mapping[str, str]) -> Path:
    """The folder that holds the AWS provider: a mirror, unpacked or packed."""
    home = Path(environment.get("HOME", "/"))
    first = [environment.get("AIDC_TERRAFORM_PLUGINS"), environment.get("TF_PLUGIN_CACHE_DIR")]
    implied = [home / ".terraform.d/plugins", home / ".local/share/terraform/plugins", *map(Path, _ROOTS)]
    for root in [*(Path(each) for each in first if each), *implied]:
        for folder in _folders(root, _DEPTH):
            if any((folder / SOURCE).glob("*")):
                return folder
    raise Missing(
        f"no folder with {SOURCE} in AIDC_TERRAFORM_PLUGINS, TF_PLUGIN_CACHE_DIR or the usual places; make one with"
        " `terraform providers mirror FOLDER` and name it in AIDC_TERRAFORM_PLUGINS"
    )


def _folders(root: Path, depth: int) -> Iterator[Path]:
    if not root.is_dir():
        return
    yield root
    if depth:
        try:
            inner = sorted(each for each in root.iterdir() if each.is_dir() and not each.is_symlink())
        except PermissionError:
            return
        for each in inner:
            yield from _folders(each, depth - 1)


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    output: str

    def errors(self) -> list[str]:
        """The errors, each as its summary with the address of the resource."""
        found: list[str] = []
        for line in self.output.splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if said.get("@level") == "error":
                diagnostic = said.get("diagnostic", {})
                where = diagnostic.get("address", "")
                found.append(f"{where}: {diagnostic.get('summary', said['@message'])} {diagnostic.get('detail', '')}")
        return found

    def changes(self) -> list[str]:
        """What a plan would change."""
        said = [json.loads(line) for line in self.output.splitlines() if '"planned_change"' in line]
        return [each["@message"] for each in said]


class Terraform:
    """One initialised folder, whose provider other folders share."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        """Initialise; raises `Missing`."""
        program = shutil.which("terraform", path=environment.get("PATH", ""))
        if program is None:
            raise Missing("terraform is not on PATH")
        self._program = program
        plugins = plugin_folder(environment)
        # A configuration of the machine's own could add mirrors, and a token is nobody's business here.
        kept = {key: value for key, value in environment.items() if not key.startswith(("TF_", "AWS_"))}
        self._environment = {
            **kept,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.folder = folder
        self.write(folder, {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}}})
        done = self.run(folder, "init", "-input=false", "-no-color", f"-plugin-dir={plugins}")
        assert done.code == 0, done.output
        schema = folder / "schema.json"
        with schema.open("w") as file:
            subprocess.run(
                [program, "providers", "schema", "-json"],
                cwd=folder,
                env=self._environment,
                stdout=file,
                check=True,
                timeout=600,
            )
        self.provider = Provider.read(schema)

    def workspace(self, name: str, document: Mapping[str, Any]) -> Path:
        """A folder of its own with a configuration, initialised like the first."""
        folder = self.folder / name
        folder.mkdir()
        (folder / ".terraform").symlink_to(self.folder / ".terraform")
        shutil.copyfile(self.folder / ".terraform.lock.hcl", folder / ".terraform.lock.hcl")
        self.write(folder, document)
        return folder

    def write(self, folder: Path, document: Mapping[str, Any]) -> None:
        (folder / "main.tf.json").write_text(json.dumps(document, indent=1, sort_keys=True))

    def run(self, folder: Path, *arguments: str, seconds: float = 900) -> Result:
        done = subprocess.run(
            [self._program, *arguments],
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def validate(self, folder: Path) -> list[str]:
        """The errors of `terraform validate`, each with the resource that it is about."""
        said = json.loads(self.run(folder, "validate", "-json").output)
        lines = (folder / "main.tf.json").read_text().splitlines()
        return [_told(each, lines) for each in said["diagnostics"] if each["severity"] == "error"]


def _told(diagnostic: Mapping[str, Any], lines: list[str]) -> str:
    snippet = diagnostic.get("snippet") or {}
    line = (diagnostic.get("range") or {}).get("start", {}).get("line", 1)
    # The label of a resource is the nearest line above that is indented by three.
    label = next((text for text in reversed(lines[:line]) if re.match(r" {3}\"", text)), "").strip(' ":{')
    where = f"{snippet.get('context', '')} {label}".strip()
    return f"{where}: {diagnostic['summary']}: {diagnostic.get('detail', '')}".replace("\n", " ")
