"""Draw docs/images/demo.svg from a real run of `aidc up local`, on a fresh cluster that is removed again.

`python docs/picture.py`. It takes about a minute where the tools are built. Nothing in the picture is made up: it is
the text that the command writes, with the folder of this run replaced by the one that the command uses by default.
"""

import io
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

PICTURE: Final = Path(__file__).resolve().parent / "images" / "demo.svg"
PROJECT: Final = PICTURE.parent.parent.parent
COLUMNS: Final = 88
_USUAL_STATE: Final = "~/.local/state/aidc"


def transcript() -> str:
    """Run `aidc up local` and return what it wrote, colours included; raises where it fails."""
    with tempfile.TemporaryDirectory(prefix="aidc-picture-") as state:
        environment = {
            **os.environ,
            "AIDC_STATE": state,
            "COLUMNS": str(COLUMNS),
            "FORCE_COLOR": "1",
            "TERM": "xterm-256color",
        }
        aidc = [sys.executable, "-c", "from aidc.cli import main; main()"]
        run = partial(subprocess.run, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started = time.monotonic()
        up = run([*aidc, "up", "local"], text=True)
        seconds = time.monotonic() - started
        run([*aidc, "down", "local"], check=True)
        if up.returncode:
            raise SystemExit(f"`aidc up local` ended with {up.returncode}:\n{up.stdout}")
        print(f"`aidc up local` took {seconds:.0f} s")
        return up.stdout.replace(state, _USUAL_STATE)


def draw(text: str) -> str:
    """Return the transcript as a terminal in SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print("[bold green]$[/bold green] [bold]aidc up local[/bold]")
    console.print(Text.from_ansi(text.rstrip()))
    return console.export_svg(title="aidc", theme=DIMMED_MONOKAI, unique_id="demo")


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(transcript()), encoding="utf-8")
    print(f"written: {PICTURE.relative_to(PROJECT)}")
