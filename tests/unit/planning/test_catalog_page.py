"""The snippets of the catalog's page run, and what it says of the catalog's size is true."""

import re
from pathlib import Path

import pytest

from aidc.planning.catalog import Requirement, accelerators, all_instance_types, instance_types
from aidc.problems import InvalidInput

PAGE = Path(__file__).parents[3].joinpath("docs", "catalog.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[str(index) for index in range(len(SNIPPETS))])
def test_a_snippet_runs(snippet):
    exec(compile(snippet, "docs/catalog.md", "exec"), {})


def test_the_page_counts_right_and_quotes_the_real_error():
    assert len(SNIPPETS) == 4
    assert f"{len(all_instance_types())} EC2 instance types" in PAGE
    assert f"{len(accelerators())} accelerators" in PAGE
    with pytest.raises(InvalidInput) as caught:
        instance_types(Requirement(accelerator="h100", network_gbps=5000))
    assert str(caught.value) in PAGE
