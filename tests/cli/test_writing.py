"""What the command line writes: whole or not at all, and never over what is not its own."""

import json
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from aidc.evaluation.folders import write_folder

OBJECTS = "import pulumi_kubernetes as k\nfor i in range(20): k.core.v1.ConfigMap(f'c{i}', data={'k': 'v' * 500})\n"
SECRET = """
import pulumi, pulumi_kubernetes as k
word = pulumi.Output.secret("open sesame")
k.core.v1.Secret("plain", metadata={"name": "plain"}, string_data={"word": word})
k.core.v1.ConfigMap("public", metadata={"name": "public"}, data={"a": "b"})
pulumi.export("word", word)
"""


def renders(aidc: Callable[..., Any], folder: Path, output: Path, **more: Any) -> Any:
    return aidc("render", "dev", "-C", folder, "-o", output, **more)


def test_render_again_replaces_what_was_rendered(stranger: Callable[..., Path], main: Callable[..., Any]) -> None:
    folder = stranger(OBJECTS)
    out = folder.parent / "a" / "b"
    assert main("render", "dev", "-C", folder, "-o", out).code == 0
    assert len(list(out.iterdir())) == 21
    out.chmod(0o750)
    (folder / "__main__.py").write_text(OBJECTS.replace("20", "3"))
    assert main("render", "dev", "-C", folder, "-o", out).code == 0
    assert len(list(out.iterdir())) == 4
    assert stat.S_IMODE(out.stat().st_mode) == 0o750
    assert [path.name for path in out.parent.iterdir()] == ["b"]


def test_a_folder_that_is_someone_elses(
    stranger: Callable[..., Path], main: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    folder = stranger(OBJECTS)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat").write_text("meow")
    refused(main("render", "dev", "-C", folder, "-o", tmp_path / "photos"), 2, "photos", "was not rendered before")
    refused(main("render", "dev", "-C", folder, "-o", folder), 2, "was not rendered before")
    refused(main("render", "dev", "-C", folder, "-o", "/"), 2, "was not rendered before")
    assert (tmp_path / "photos/cat").read_text() == "meow"


def test_a_file_where_a_folder_should_be(
    stranger: Callable[..., Path], main: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    folder = stranger(OBJECTS)
    (tmp_path / "file").write_text("mine")
    refused(main("render", "dev", "-C", folder, "-o", tmp_path / "file"), 2, "is a file; give a folder")
    refused(main("render", "dev", "-C", folder, "-o", tmp_path / "file" / "out"), 2, "is not a folder")
    refused(main("render", "dev", "-C", folder, "-o", tmp_path / "file" / "a" / "b"), 2, "cannot be written")
    refused(main("plan", "dev", "-C", folder, "--json", tmp_path), 2, "is a folder; give a file")
    refused(main("plan", "dev", "-C", folder, "--json", tmp_path / "file" / "x"), 2, "cannot be written")
    refused(main("plan", "dev", "-C", folder, "--json", tmp_path / "no" / "x"), 2, "cannot be written: No such file")
    assert (tmp_path / "file").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "shop"]


def test_no_permission_to_write(
    stranger: Callable[..., Path],
    aidc: Callable[..., Any],
    refused: Callable[..., None],
    without_privilege: Callable[[], None],
    tmp_path: Path,
) -> None:
    folder, closed = stranger(OBJECTS), tmp_path / "closed"
    (closed / "old").mkdir(parents=True)
    (closed / "old/resources.json").write_text("{}")
    closed.chmod(0o555)
    try:
        for name in ("new", "old", "a/b"):
            ended = renders(aidc, folder, closed / name, preexec_fn=without_privilege)
            refused(ended, 2, str(closed / name), "cannot be written: Permission denied")
        ended = aidc("plan", "dev", "-C", folder, "--json", closed / "p.json", preexec_fn=without_privilege)
        refused(ended, 2, "cannot be written: Permission denied")
    finally:
        closed.chmod(0o755)
    assert [path.name for path in closed.iterdir()] == ["old"]
    assert [path.name for path in (closed / "old").iterdir()] == ["resources.json"]


def test_a_full_disk_leaves_the_old_folder(
    stranger: Callable[..., Path], aidc: Callable[..., Any], refused: Callable[..., None], tmp_path: Path
) -> None:
    def no_large_files() -> None:
        # Like a full disk, a write ends in the middle; compiled modules are kept elsewhere and need room too.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    folder, out, plan = stranger(OBJECTS), tmp_path / "out", tmp_path / "plan.json"
    assert renders(aidc, folder, out).code == 0
    assert aidc("plan", "dev", "-C", folder, "--json", plan).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}, plan.read_bytes()
    refused(renders(aidc, folder, out, preexec_fn=no_large_files), 2, "cannot be written: File too large")
    refused(aidc("plan", "dev", "-C", folder, "--json", plan, preexec_fn=no_large_files), 2, "File too large")
    assert ({path.name: path.read_bytes() for path in out.iterdir()}, plan.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "plan.json", "shop"]


def test_devices_and_links_are_written_to_not_replaced(
    stranger: Callable[..., Path], main: Callable[..., Any], tmp_path: Path
) -> None:
    folder = stranger(OBJECTS)
    assert main("plan", "dev", "-C", folder, "--json", "/dev/null").code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    assert main("plan", "dev", "-C", folder, "--json", tmp_path / "link.json").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["resources"] == 20
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert main("render", "dev", "-C", folder, "-o", tmp_path / "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert len(list((tmp_path / "real").iterdir())) == 21


def test_secrets_are_neither_printed_nor_written(
    stranger: Callable[..., Path], aidc: Callable[..., Any], tmp_path: Path
) -> None:
    folder, out = stranger(SECRET), tmp_path / "out"
    ended = [
        aidc("plan", "dev", "-C", folder),
        aidc("plan", "dev", "-C", folder, "--json", "-"),
        aidc("plan", "dev", "-C", folder, "--preview"),
        renders(aidc, folder, out),
    ]
    assert [each.code for each in ended] == [0, 0, 0, 0]
    shown = "".join(each.out + each.err for each in ended) + "".join(path.read_text() for path in out.iterdir())
    assert "sesame" not in shown
    assert [path.name for path in sorted(out.iterdir())] == ["0001-configmap-public.yaml", "resources.json"]
    assert "left out: kubernetes:core/v1:Secret plain holds secrets (stringData" in ended[-1].out


def test_what_a_chart_makes_is_named_as_left_out(
    stranger: Callable[..., Path], main: Callable[..., Any], tmp_path: Path
) -> None:
    folder = stranger("import pulumi_kubernetes as k\nk.helm.v3.Release('web', chart='nginx')\n")
    ended = main("render", "dev", "-C", folder, "-o", tmp_path / "out")
    assert ended.out.startswith("0 manifests in ")
    assert "left out: kubernetes:helm.sh/v3:Release web makes its objects at deployment" in ended.out
    assert (
        "made at deployment, and not counted here: the objects of Release web" in main("plan", "dev", "-C", folder).out
    )


def test_names_that_are_paths_stay_in_the_folder(
    stranger: Callable[..., Path], main: Callable[..., Any], tmp_path: Path
) -> None:
    program = (
        "import pulumi_kubernetes as k\n"
        "k.core.v1.ConfigMap('a', metadata={'name': '../../up'})\n"
        "k.core.v1.ConfigMap('b', metadata={'name': 'x' * 400})\n"
    )
    assert main("render", "dev", "-C", stranger(program), "-o", tmp_path / "out").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shop"]
    assert (tmp_path / "out/0001-configmap-..-..-up.yaml").is_file()


LOOP = """
import sys
from pathlib import Path
from aidc.evaluation.folders import write_folder
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    write_folder(Path(sys.argv[1]), {f"{i}.yaml": f"{turn}\\n" * 50 for i in range(40)})
"""


def test_killed_at_any_moment_the_folder_is_whole(environment: Mapping[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, {f"{i}.yaml": "0\n" * 50 for i in range(40)})
    moment = random.Random(20)
    moved = set()
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", LOOP, out], stdout=subprocess.PIPE, env=environment)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(moment.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert sorted(path.name for path in out.iterdir()) == sorted(f"{i}.yaml" for i in range(40))
        contents = {path.read_text() for path in out.iterdir()}
        assert len(contents) == 1, "files of two runs in one folder"
        moved |= contents
    assert len(moved) > 5, "the processes were killed before they wrote anything"
    write_folder(out, {"last.yaml": ""})
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "what the killed processes left is removed"


def test_whoever_looks_always_finds_a_folder(tmp_path: Path) -> None:
    out, missing, looked = tmp_path / "out", [], []
    write_folder(out, {"a": ""})
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            looked.append(1)
            try:
                os.stat(out)
            except FileNotFoundError:
                missing.append(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(300):
        write_folder(out, {"a": ""})
    done.set()
    watcher.join()
    assert len(looked) > 300
    assert not missing


def test_two_at_once_end_well(tmp_path: Path) -> None:
    out, failures = tmp_path / "out", []

    def write(text: str) -> None:
        try:
            for _ in range(30):
                write_folder(out, {name: text for name in "abc"})
        except OSError as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(text,)) for text in "xy"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert not failures
    assert len({path.read_text() for path in out.iterdir()}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("moment", [0.2, 0.4, 0.6, 0.8])
def test_the_command_killed_in_the_middle(
    moment: float,
    environment: Mapping[str, str],
    stranger: Callable[..., Path],
    aidc: Callable[..., Any],
    tmp_path: Path,
) -> None:
    folder, out = stranger(OBJECTS), tmp_path / "out"
    assert renders(aidc, folder, out).code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    script = Path(sys.executable).with_name("aidc")
    process = subprocess.Popen(
        [script, "render", "dev", "-C", folder, "-o", out], env=environment, stdout=subprocess.PIPE
    )
    time.sleep(moment)
    process.kill()
    process.communicate()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert renders(aidc, folder, out).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shop"]
