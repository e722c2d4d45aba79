"""Links, generated files, a page for each component, and the picture."""

import ast
import inspect
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

import aidc.stacks
from aidc.components.provider import component_classes

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def components():
    kinds = [*component_classes(), aidc.stacks.DataCenter]
    return {re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind for kind in kinds}


def anchors(page):
    """Return the anchors that GitHub gives to the headings of a page."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def test_every_link_leads_somewhere(page, root):
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for link in (found[0] or found[1] for found in LINK.findall(text)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(root), f"{link} leaves the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading"


def test_every_page_is_found_from_the_index(pages, root):
    reached, waiting = set(), [root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.is_dir():
            waiting.extend(page.rglob("*.md"))
        elif page.suffix == ".md":
            for found in LINK.findall(page.read_text(encoding="utf-8")):
                link = (found[0] or found[1]).partition("#")[0]
                if link and not link.startswith("https://"):
                    waiting.append((page.parent / link).resolve())
    assert not [str(page.relative_to(root)) for page in pages if page not in reached]


def test_every_component_has_its_page_and_every_page_its_component(root):
    written = {page.stem for page in (root / "docs" / "components").glob("*.md")}
    assert written == set(components())


@pytest.mark.parametrize("name", components())
def test_a_page_shows_its_component_and_names_every_argument(name, root):
    component = components()[name]
    text = (root / "docs" / "components" / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {component.__name__}\n")
    assert f"{component.__name__}(" in text, "no block uses the component"
    arguments = inspect.signature(component.__init__).parameters["args"].annotation
    missing = [key for key in arguments.__annotations__ if f"`{key}`" not in text and f'"{key}"' not in text]
    assert not missing, f"arguments that the page does not name: {missing}"


def test_what_is_generated_is_up_to_date(root):
    done = subprocess.run(
        [sys.executable, str(root / "docs" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}run `make docs`"


def test_a_generated_file_that_was_changed_is_noticed(root, tmp_path):
    copy = tmp_path / "docs"
    copy.mkdir()
    (tmp_path / "stacks").mkdir()
    read = ["Pulumi.yaml", "stacks/__main__.py", "stacks/settings.schema.json", "docs/generate.py"]
    read += ["docs/settings.md", "docs/cli.md", "docs/getting-started.md", "docs/training.md"]
    for name in read:
        (tmp_path / name).write_text((root / name).read_text(encoding="utf-8"), encoding="utf-8")
    run = [sys.executable, str(copy / "generate.py")]
    page = copy / "settings.md"
    right = page.read_text(encoding="utf-8")
    page.write_text(right.replace("| `aidc:platform` |", "| `aidc:stage` |"), encoding="utf-8")
    checked = subprocess.run([*run, "--check"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (1, "not up to date: docs/settings.md\n")
    written = subprocess.run(run, capture_output=True, text=True, check=True)
    assert written.stdout == "written: docs/settings.md\n"
    assert page.read_text(encoding="utf-8") == right


def test_the_architecture_names_every_room_and_what_it_imports(root):
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)/` \|.*\| ([^|]*)\|$", text, re.MULTILINE))
    rooms = {path.parent.name for path in root.glob("*/__init__.py")}
    assert set(table) == rooms
    for room, said in table.items():
        if said.strip() != "all below":
            assert set(filter(None, re.split(r"[,\s]+", said))) == imported_rooms(root / room, rooms) - {room}, room


def imported_rooms(folder, rooms):
    found = set()
    for module in folder.rglob("*.py"):
        depth = len(module.relative_to(folder).parts)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                name = (node.module or "").split(".")
                if node.level == depth + 1:
                    found.add(name[0])
                elif not node.level and name[0] == "aidc":
                    found.add(name[1] if len(name) > 1 else "")
    return found & rooms


def test_every_settings_file_points_to_the_schema(root):
    for file in (root / "stacks").glob("Pulumi.*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=settings.schema.json"


def test_the_picture_is_of_a_run_that_ended_well(root):
    picture = root / "docs" / "images" / "demo.svg"
    words = " ".join(ElementTree.parse(picture).getroot().itertext()).replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"\b(\d+) of \1 ready", words)
    for seen in ("aidc up local", "p5.48xlarge", "gpt2", "my-pytorch", "an hour"):
        assert seen in words
    assert "/tmp" not in words
    assert "/home" not in words


def test_the_readme_is_short_before_its_picture_and_says_what_is_missing(root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    before_picture = readme.partition("![")[0]
    assert len([line for line in before_picture.splitlines() if line]) <= 20
    assert "\nNot there yet:\n" in readme
