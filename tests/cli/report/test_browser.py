"""The page in a real browser, from a file: at the width of a phone and of a desk, with mouse and keyboard."""

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aidc.tools.packages import apt_line, missing_browser_packages, system_program

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.integration

PHONE, DESK = (360, 780), (1440, 900)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Seen:
    """A page, and what the browser had to say about it."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Callable[..., "BrowserContext"]]:
    if platform.system() != "Linux" or missing_browser_packages():
        pytest.skip(f"no Chromium here; on Debian, as root: {apt_line(['chromium'])}")
    from playwright.sync_api import sync_playwright

    opened: list[BrowserContext] = []
    with sync_playwright() as driver, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:

        def open_at(size: tuple[int, int], scheme: Any) -> "BrowserContext":
            context = driver.chromium.launch_persistent_context(
                os.path.join(folder, f"{size[0]}-{scheme}"),
                executable_path=system_program("chromium"),
                args=ARGUMENTS,
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
            )
            opened.append(context)
            return context

        yield open_at
        for context in opened:
            context.close()


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of production, as the command writes it."""
    from aidc.cli.environment import evaluate_environment
    from aidc.cli.plan_policies_page import report_of
    from aidc.cli.report.file import write_report
    from aidc.planning.plan.summary import summarise

    root = Path(__file__).parents[3]
    file = tmp_path_factory.mktemp("report") / "plan.html"
    summary = summarise(evaluate_environment("prod", root))
    write_report(file, summary, date="2026-11-30", policies=report_of(summary.graph, root))
    return file


@pytest.fixture(scope="session")
def see(browser: Callable[..., "BrowserContext"], page_file: Path) -> Callable[..., Seen]:
    contexts: dict[tuple[tuple[int, int], str], BrowserContext] = {}

    def look(size: tuple[int, int], scheme: str = "light") -> Seen:
        if (size, scheme) not in contexts:
            contexts[size, scheme] = browser(size, scheme)
        page = contexts[size, scheme].new_page()
        seen = Seen(page)
        page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(page_file.as_uri())
        return seen

    return look


def column(page: "Page", table: str, index: int) -> list[str]:
    """The shown cells of one column."""
    return page.locator(f"#{table} tbody tr:not([hidden]) > :nth-child({index + 1})").all_inner_texts()


def orders(page: "Page", table: str, index: int) -> list[float]:
    cells = page.locator(f"#{table} tbody tr > :nth-child({index + 1})")
    return [float(order) for order in cells.evaluate_all("cells => cells.map((each) => each.dataset.order)")]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_quiet_alone_and_fits(see: Callable[..., Seen], page_file: Path, size: Any, scheme: str) -> None:
    seen = see(size, scheme)
    page = seen.page
    page.mouse.wheel(0, 4000)
    width = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, window.innerWidth]")
    assert width == [size[0]] * 3
    # No element sticks out but inside a box that scrolls by itself.
    outside = page.evaluate(
        """() => Array.from(document.querySelectorAll("main *")).filter((each) =>
            !each.closest(".scroll, nav ul, .unseen, svg") && each.getBoundingClientRect().right > innerWidth + 1
        ).map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert outside == []
    assert seen.complaints == []
    assert seen.requests == [page_file.as_uri()]
    page.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_charts_are_seen_with_their_units(see: Callable[..., Seen], size: Any) -> None:
    page = see(size).page
    units = {
        "chart-cost-by-component": "US dollars a month",
        "chart-cost-by-pool": "US dollars a month",
        "chart-power-by-pool": "kW of the machines",
        "chart-wanted": "wanted, in % of what a node pool provides",
    }
    for name, unit in units.items():
        drawing = page.locator(f"#{name} svg:visible")
        assert drawing.count() == 1
        title = drawing.get_by_text(unit, exact=True)
        box, around = title.bounding_box(), page.locator(f"#{name}").bounding_box()
        assert box is not None
        assert around is not None
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]
        assert box["height"] > 8
    page.close()


def test_rows_are_sorted_by_click_and_by_keyboard(see: Callable[..., Seen]) -> None:
    page = see(DESK).page
    button = page.locator("#cost-lines thead").get_by_role("button", name="US dollars a month")
    heading = page.locator("#cost-lines thead th").nth(3)
    before = orders(page, "cost-lines", 3)
    button.click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert orders(page, "cost-lines", 3) == sorted(before)
    assert before != sorted(before)
    button.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert orders(page, "cost-lines", 3) == sorted(before, reverse=True)
    # Words stay with the numbers of their row, and another column takes the mark.
    assert column(page, "cost-lines", 2)[0] == "h100-training"
    words = page.locator("#cost-lines thead").get_by_role("button", name="Region")
    words.press("Space")
    regions = column(page, "cost-lines", 7)
    assert regions == sorted(regions)
    assert len(set(regions)) == 2
    assert heading.get_attribute("aria-sort") is None
    page.close()


def test_the_keyboard_reaches_headings_and_boxes_that_scroll(see: Callable[..., Seen]) -> None:
    page = see(PHONE).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.locator("#workloads .scroll").focus()
    assert page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == "workloads-caption"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName + document.activeElement.textContent") == "BUTTONWorkload"
    page.keyboard.press("Enter")
    names = column(page, "workloads", 0)
    assert names == sorted(names)
    page.close()


def test_the_filter_keeps_rows_with_all_words(see: Callable[..., Seen]) -> None:
    page = see(DESK).page
    total = page.locator("#cost-lines tbody tr").count()
    field_ = page.locator("#cost-lines").get_by_label("Filter")
    field_.fill("EBS  general")
    shown = page.locator("#cost-lines tbody tr:visible").all_inner_texts()
    assert len(shown) == 1
    assert all("EBS" in row and "general" in row for row in shown)
    assert page.locator("#cost-lines output").inner_text() == f"1 of {total} rows"
    field_.fill("nothing has this")
    assert page.locator("#cost-lines tbody tr:visible").count() == 0
    field_.fill("")
    assert page.locator("#cost-lines tbody tr:visible").count() == total
    assert page.locator("#quotas").get_by_label("Filter").count() == 0
    page.close()


def test_light_and_dark_can_both_be_read(see: Callable[..., Seen]) -> None:
    contrast = """(selector) => {
        const channel = (part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const light = (colour) => {
            const [red, green, blue] = colour.match(/[0-9.]+/g).map((part) => channel(part / 255));
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        const each = document.querySelector(selector);
        let behind = each;
        while (["rgba(0, 0, 0, 0)", "transparent"].includes(getComputedStyle(behind).backgroundColor))
            behind = behind.parentElement;
        const style = getComputedStyle(each);
        const ink = each instanceof SVGElement ? style.fill : style.color;
        const [one, other] = [ink, getComputedStyle(behind).backgroundColor].map(light);
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    }"""
    backgrounds: set[str] = set()
    for scheme in ("light", "dark"):
        page = see(DESK, scheme).page
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for selector in ("h1", ".remark", ".warned .remark", "nav a", ".note", "thead th", "td .quiet", "th .loud"):
            assert page.evaluate(contrast, selector) >= 4.5, (scheme, selector)
        for words in ("role-axis-title", "role-axis-label", "mark-text"):
            assert page.evaluate(contrast, f"svg.wide .{words} text") >= 4.5, (scheme, words)
        page.close()
    assert len(backgrounds) == 2


def test_it_prints_whole_tables(see: Callable[..., Seen]) -> None:
    page = see(DESK).page
    page.emulate_media(media="print")
    boxes = page.evaluate(
        "Array.from(document.querySelectorAll('.sheet .scroll')).map((each) => each.scrollHeight - each.clientHeight)"
    )
    assert len(boxes) > 8
    assert max(boxes) <= 0
    assert not page.locator("nav").is_visible()
    page.set_viewport_size({"width": 960, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 960
    page.close()
