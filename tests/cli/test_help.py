"""Help, version, schema and mistakes in the command line itself; and that none of it loads what it does not need."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import aidc

COMMANDS = ("plan", "check", "render", "schema", "up", "status", "down", "allocate", "schedule")
COMMANDS += ("simulate", "train", "serve")
HEAVY = ("pulumi", "pulumi_kubernetes", "rich", "yaml", "grpc", "httpx", "cryptography", "psutil", "asyncio", "torch")


def test_help_names_every_command_in_one_line_each(aidc: Callable[..., Any]) -> None:
    shown = aidc("--help", env={"COLUMNS": "80"})
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]] == list(COMMANDS)
    assert "..." not in "".join(lines[lines.index("Commands:") :])
    assert max(map(len, lines)) <= 80
    assert aidc("-h").out == aidc("--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, main: Callable[..., Any]) -> None:
    shown = main(command, "--help")
    assert shown.code == 0
    assert shown.out.startswith(f"Usage: aidc {command} ")


def test_version(main: Callable[..., Any]) -> None:
    assert main("--version").out == f"aidc {aidc.__version__}\n"


def test_the_schema_is_json(main: Callable[..., Any]) -> None:
    schema = json.loads(main("schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "aidc:gpuNodePools" in schema["properties"]["config"]["properties"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plna"], "No such command 'plna'. Did you mean 'plan'?"),
        (["plan"], "Missing argument 'ENV'"),
        (["plan", "local", "--jsn", "x"], "No such option: --jsn"),
        (["plan", "local", "prod"], "unexpected extra argument"),
        (["render", "local"], "Missing option '--output'"),
        (["render", "local", "-o"], "requires an argument"),
        (["up", "local", "--timeout", "soon"], "--timeout': Input should be a valid number"),
        (["up", "local", "--timeout", "0"], "1"),
    ],
)
def test_a_mistake_in_the_command_line(arguments: list[str], words: str, main: Callable[..., Any]) -> None:
    ended = main(*arguments)
    assert ended.code == 2
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_no_command_at_all_is_a_question_for_help(main: Callable[..., Any]) -> None:
    ended = main()
    assert ended.code == 2
    assert "Commands:" in ended.out + ended.err


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], [*HEAVY, "pydantic"]),
        (["--version"], [*HEAVY, "pydantic"]),
        # Typer itself takes pydantic for the arguments of a command.
        (["plan", "--help"], HEAVY),
        (["plna"], HEAVY),
    ],
)
def test_what_needs_nothing_loads_nothing(
    arguments: list[str], heavy: list[str], environment: Mapping[str, str]
) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['aidc', *{arguments!r}]\n"
        "from aidc.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"loaded = [name for name in {heavy!r} if name in sys.modules]\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()


def test_an_error_in_a_file_needs_no_pulumi(environment: Mapping[str, str]) -> None:
    program = (
        "import sys\n"
        "sys.argv = ['aidc', 'plan', 'no-such-stack']\n"
        "from aidc.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert ended.code == 2\n"
        "assert 'pulumi' not in sys.modules\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert ended.returncode == 0, ended.stderr.decode()
