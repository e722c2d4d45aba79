"""Draw docs/images/report.png from the page of a real plan, in the system's Chromium.

`python docs/report_picture.py`. It takes some ten seconds. Nothing in the picture is made up: it is the upper part of
the file that `aidc plan prod --html` writes, as a browser shows it.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

from aidc.tools.packages import apt_line, system_program

PICTURE: Final = Path(__file__).resolve().parent / "images" / "report.png"
PROJECT: Final = PICTURE.parent.parent.parent
WIDTH: Final = 1280
HEIGHT: Final = 1460
_COLOURS: Final = 160
_ARGUMENTS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")


def draw(page: Path) -> bytes:
    """Return a page's upper part as PNG."""
    chromium = system_program("chromium")
    if chromium is None:
        raise SystemExit(f"no Chromium here; on Debian, as root: {apt_line(['chromium'])}")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS))
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        view.goto(page.as_uri())
        shot = view.screenshot()
        browser.close()
    # Flat colours need few entries: the file is much smaller.
    target = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS).save(target, "PNG", optimize=True)
    return target.getvalue()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="aidc-report-") as folder:
        page = Path(folder) / "plan.html"
        aidc = [sys.executable, "-c", "from aidc.cli import main; main()"]
        subprocess.run([*aidc, "plan", "prod", "--html", str(page)], cwd=PROJECT, check=True)
        PICTURE.write_bytes(draw(page))
    print(f"written: {PICTURE.relative_to(PROJECT)}, {PICTURE.stat().st_size:,} bytes")
