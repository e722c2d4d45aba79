"""Pages of plans, and what their HTML says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aidc.cli.environment import evaluate_environment
from aidc.planning.plan.summary import PlanSummary, summarise

ROOT = Path(__file__).parents[3]
_VOID = {"br", "col", "hr", "img", "input", "link", "meta", "wbr"}


@dataclass
class Element:
    """An element of HTML or SVG."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(each if isinstance(each, str) else each.text for each in self.children)

    def all(self, *tags: str) -> Iterator["Element"]:
        for each in self.children:
            if isinstance(each, Element):
                if not tags or each.tag in tags:
                    yield each
                yield from each.all(*tags)

    def by_id(self, name: str) -> "Element":
        (found,) = [each for each in self.all() if each.attributes.get("id") == name]
        return found

    def rows(self, body: str = "tbody") -> list[list["Element"]]:
        (part,) = self.all(body)
        return [list(row.all("td", "th")) for row in part.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.here = self.root = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {key: value or "" for key, value in attrs}, self.here)
        self.here.children.append(made)
        if tag not in _VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(Element(tag, {key: value or "" for key, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, f"</{tag}> closes <{self.here.tag}>"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


@pytest.fixture(scope="session")
def read() -> Callable[[str], Element]:
    """Parse a page; every element must be closed where it was opened."""

    def parse(page: str) -> Element:
        reader = _Reader()
        reader.feed(page)
        reader.close()
        assert reader.here is reader.root
        return reader.root

    return parse


@pytest.fixture(scope="session")
def local() -> PlanSummary:
    """The plan of our own simulated environment."""
    return summarise(evaluate_environment("local", ROOT))


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], PlanSummary]:
    """Plan a program of a stranger."""

    def plan(program: str) -> PlanSummary:
        folder = tmp_path_factory.mktemp("shop")
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
        (folder / "__main__.py").write_text(program)
        return summarise(evaluate_environment("dev", folder))

    return plan
