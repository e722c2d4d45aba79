"""Programs that fail, stop, hang or say nothing: one line that names theirs, exit code 1, no traceback of ours."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

APPLY = "import pulumi\npulumi.export('x', pulumi.Output.from_input(0).apply(lambda zero: 1 / zero))\n"
COMPONENT = """
import pulumi
class C(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("x:y:C", "c", {"thing": object()})
C()
"""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise ValueError('boom')\n", ["ValueError: boom", "__main__.py:1"]),
        ("x = 1\nraise KeyError('nodes')\n", ["KeyError: 'nodes'", "__main__.py:2"]),
        ("import sys\nsys.exit(3)\n", ["sys.exit(3)", "__main__.py:2"]),
        ("import sys\nsys.exit(0)\n", ["before its end", "sys.exit(0)"]),
        ("import sys\nsys.exit('no region')\n", ["'no region'"]),
        ("def f(:\n", ["cannot be read", "SyntaxError", "__main__.py:1"]),
        ("x = 1\n    y = 2\n", ["IndentationError", "__main__.py:2"]),
        (b"\x00\xff\xfe", ["cannot be read"]),
        (b"# coding: latin-1\nx = '\xff'\nraise ValueError(x)\n", ["ValueError"]),
        ("import no_such_module\n", ["No module named 'no_such_module'", "__main__.py:1"]),
        ("import json\njson.loads('{')\n", ["JSONDecodeError", "__main__.py:2"]),
        ("def f():\n    f()\nf()\n", ["RecursionError", "__main__.py:2"]),
        ("raise MemoryError\n", ["MemoryError", "__main__.py:1"]),
        ("assert False\n", ["AssertionError", "__main__.py:1"]),
        ("class Odd(BaseException): pass\nraise Odd('odd')\n", ["Odd: odd"]),
        ("raise GeneratorExit\n", ["GeneratorExit"]),
        ("raise StopIteration\n", ["StopIteration"]),
        ("raise ExceptionGroup('two', [ValueError('a'), TypeError('b')])\n", ["ExceptionGroup: two"]),
        ("import pulumi\nraise pulumi.RunError('no way')\n", ["no way"]),
        (APPLY, ["ZeroDivisionError", "__main__.py:2"]),
        (COMPONENT, ["unexpected input of type object"]),
        ("import asyncio\nasync def a(): raise OSError('late')\nasyncio.get_event_loop().create_task(a())\n", None),
    ],
)
def test_a_program_that_fails(
    program: str | bytes,
    words: list[str] | None,
    stranger: Callable[..., Path],
    main: Callable[..., Any],
    refused: Callable[..., None],
    files_below: Callable[[Path], set[str]],
) -> None:
    folder = stranger(program)
    before, here = files_below(folder), Path.cwd()
    ended = main("plan", "dev", "-C", folder)
    if words is None:
        # Pulumi lets a task of the program's own fail unnoticed, and so do we.
        assert ended.code == 0
    else:
        refused(ended, 1, "shop/dev", *words)
    assert files_below(folder) == before
    assert Path.cwd() == here


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import pulumi\npulumi.Config().require('size')\n", ["shop:size: missing", "Pulumi.dev.yaml"]),
        ("import pulumi\npulumi.Config().require_int('word')\n", ["shop:word", "int"]),
        (
            "from aidc.components.compute import GpuNodePool\n"
            "GpuNodePool('h100', {'provisioner': 'karpenter-kwok', 'instance_types': ['p5.48xlrge'], "
            "'scaling': {'maximum_nodes': 0}})\n",
            ["instanceTypes[0]", "p5.48xlarge", "scaling.maximumNodes", "2 problems"],
        ),
        (
            "import pulumi_kubernetes as k\n"
            "k.apps.v1.Deployment('d', spec={'selector': {}, 'template': {'spec': {'containers': ["
            "{'name': 'c', 'resources': {'requests': {'cpu': 'two'}}}]}}})\n",
            ["Deployment/d", "'two' is not a quantity"],
        ),
    ],
)
def test_a_program_that_is_given_what_it_cannot_use(
    program: str,
    words: list[str],
    stranger: Callable[..., Path],
    main: Callable[..., Any],
    refused: Callable[..., None],
) -> None:
    refused(main("plan", "dev", "-C", stranger(program, "config:\n  shop:word: hello\n")), 2, *words)


def test_as_processes_too(
    stranger: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None]
) -> None:
    folder = stranger("import sys\nsys.exit(3)\n")
    refused(aidc("plan", "dev", "-C", folder), 1, "sys.exit(3)")
    refused(aidc("render", "dev", "-C", folder, "-o", folder.parent / "out"), 1, "sys.exit(3)")
    assert not (folder.parent / "out").exists()


def test_a_program_that_registers_nothing(stranger: Callable[..., Path], main: Callable[..., Any]) -> None:
    folder = stranger("print('nothing to do')\n")
    ended = main("plan", "dev", "-C", folder)
    assert (ended.code, ended.out) == (0, "shop/dev: 0 resources\n")
    assert ended.err == "nothing to do\n", "what a program prints is not the plan"
    assert main("render", "dev", "-C", folder, "-o", folder.parent / "out").code == 0
    assert [path.name for path in (folder.parent / "out").iterdir()] == ["resources.json"]


def test_what_a_program_prints_does_not_break_the_json(stranger: Callable[..., Path], aidc: Callable[..., Any]) -> None:
    ended = aidc("plan", "dev", "-C", stranger("print('{')\n"), "--json", "-")
    assert json.loads(ended.out)["resources"] == 0


def test_a_program_that_leaves_a_task_behind(stranger: Callable[..., Path], aidc: Callable[..., Any]) -> None:
    program = "import asyncio\nasyncio.get_event_loop().create_task(asyncio.sleep(3600))\n"
    ended = aidc("plan", "dev", "-C", stranger(program))
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("command", [["plan", "dev"], ["render", "dev", "-o", "out"]], ids=["plan", "render"])
def test_an_interruption_is_told_by_the_exit_code(
    command: list[str], stranger: Callable[..., Path], environment: Mapping[str, str]
) -> None:
    folder = stranger("import pathlib, time\npathlib.Path('started').touch()\ntime.sleep(600)\n")
    script = Path(sys.executable).with_name("aidc")
    process = subprocess.Popen(
        [script, *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        while not (folder / "started").exists():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert not (folder / "out").exists()


def test_a_reader_that_goes_away(aidc: Callable[..., Any], stranger: Callable[..., Path]) -> None:
    program = "import pulumi\nfor i in range(2000): pulumi.ComponentResource('a:b:C', f'c{i}')\n"
    folder = stranger(program)
    for more in ([], ["--json", "-"]):
        reading, writing = os.pipe()
        os.close(reading)
        ended = aidc("plan", "dev", "-C", folder, *more, stdout=writing)
        os.close(writing)
        assert (ended.code, ended.err) == (1, "")
