"""Every block of the documentation does what the page says."""

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from aidc.cli import app
from aidc.components.inference import plan_microservice
from aidc.evaluation import evaluate
from aidc.evaluation.manifests import ordered_manifests
from aidc.problems import InvalidInput

OF_PULUMI = {"install", "login", "stack", "up", "destroy", "preview", "package", "config"}


def test_every_kind_of_block_is_known(page):
    text = page.read_text(encoding="utf-8")
    opened = re.findall(r"^```(\S*)$", text, re.MULTILINE)
    assert set(opened[::2]) <= {"python", "sh", "yaml", "text", "mermaid", "json", "typescript", "toml"}
    assert not any(opened[1::2]), "a fence is not closed"


def run(block):
    exec(compile(block.text, str(block), "exec"), {"__name__": "__main__"})


def test_a_python_block_runs(python_block, root, monkeypatch):
    monkeypatch.chdir(root)
    if not python_block.is_program:
        run(python_block)
        return
    made = {}
    for preview in (False, True):
        graph = evaluate(lambda: run(python_block), "local", preview=preview)
        assert len(graph) > 1, "it declares nothing"
        assert not graph.warnings
        made[preview] = set(graph.resources)
    assert made[True] == made[False]
    graph = evaluate(lambda: run(python_block), "local")
    assert ordered_manifests(graph) or any(resource.package == "aws" for resource in graph)


def test_a_block_that_shows_a_file_is_in_that_file(file_block, root):
    assert file_block.code in (root / file_block.file).read_text(encoding="utf-8"), f"differs from {file_block.file}"


def test_a_settings_file_is_accepted_or_its_error_quoted(settings_block, root, tmp_path):
    (tmp_path / "stacks").mkdir()
    for name in ("Pulumi.yaml", "stacks/__main__.py"):
        shutil.copy(root / name, tmp_path / name)
    file = tmp_path / settings_block.file
    file.write_text(settings_block.code)
    stack = file.name.split(".")[1]
    if stack != "wrong":
        assert ordered_manifests(evaluate(tmp_path, stack))
        return
    with pytest.raises(InvalidInput) as caught:
        evaluate(tmp_path, stack)
    assert f"error: {caught.value}\n" in (root / settings_block.page).read_text(encoding="utf-8")


def commands_of(text):
    joined = text.replace("\\\n", " ")
    for line in joined.splitlines():
        words = shlex.split(line, comments=True)
        while words and "=" in words[0]:
            words.pop(0)
        if words:
            yield words


def test_a_shell_block_uses_commands_that_exist(shell_block, root):
    targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    commands = typer.main.get_command(app).commands
    for program, *arguments in commands_of(shell_block.text):
        if program == "make":
            assert set(arguments) <= set(targets)
        elif program == "aidc":
            name, *rest = arguments
            assert name in commands, f"there is no `aidc {name}`"
            # Parses and does not run: a wrong option or a missing argument raises.
            commands[name].make_context(name, list(rest))
            for option, value in itertools.pairwise(rest):
                if option == "-C":
                    assert (root / value / "Pulumi.yaml").is_file()
        elif program == "pulumi":
            assert arguments[0] in OF_PULUMI
        elif program == "python":
            assert (root / arguments[0]).is_file() or arguments[0] == "-m"
        else:
            assert program in {"cd", "export", "kubectl", ".", "git", "pip", "uv", "AIDC_RECORD=1"}, program


def test_inline_commands_exist(page, root):
    text = page.read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands
    targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for name in re.findall(r"`aidc ([a-z]+)\b", text):
        assert name in commands, f"there is no `aidc {name}`"
    for name in re.findall(r"`make ([a-z]+)", text):
        assert name in targets, f"there is no `make {name}`"
    for script in re.findall(r"`python ((?!-)\S+)`", text):
        assert (root / script).is_file(), f"there is no {script}"


def test_the_help_lists_every_command(root):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "100"}
    done = subprocess.run(["aidc", "--help"], capture_output=True, text=True, check=True, env=environment)
    page = (root / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in typer.main.get_command(app).commands:
        assert re.search(rf"\b{name}\b", done.stdout)
        assert f"## aidc {name}\n" in page


def test_a_program_in_another_language_uses_the_recorded_interface(root):
    schema = json.loads((root / "tests" / "contract" / "schema.json").read_text(encoding="utf-8"))["resources"]
    page = (root / "docs" / "other-languages.md").read_text(encoding="utf-8")
    (document,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    program = yaml.safe_load(document)
    types = {}
    for declared in program["resources"].values():
        package, _, kind = declared["type"].partition(":")
        if package == "aidc":
            interface = schema[f"aidc:index:{kind}"]
            assert set(declared["properties"]) <= set(interface["inputProperties"])
            assert set(declared["properties"]) >= set(interface.get("requiredInputs", []))
            types[kind] = interface
    assert program["outputs"] == {"namespace": "${research.namespace}"}
    assert "namespace" in types["Tenancy"]["properties"]
    assert {f"new aidc.{kind}(" in page for kind in types} == {True}


def test_the_quoted_error_of_another_language_is_the_real_one(root):
    page = (root / "docs" / "other-languages.md").read_text(encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        plan_microservice({"namespace": "research", "image": "registry.example/web:1.0", "replicas": -3}, name="web")
    assert "\n".join(str(caught.value).splitlines()[1:]) in page
