"""What Go compiled for the tools is kept while more are to come, and removed when all are there."""

import platform
from pathlib import Path
from typing import Any

from aidc.tools import provide
from aidc.tools.build_cache import BuildCache
from aidc.tools.recipes import made_here


def test_it_stays_for_the_tools_that_are_to_come_and_goes_with_the_last(go: Any) -> None:
    cache = Path(go.environment["AIDC_TOOLS"]) / ".go-build"
    names = made_here(platform.system())

    provide(names[:-1], environment=go.environment)
    assert cache.is_dir()
    assert set((go.home / "caches").read_text().split()) >= {str(cache)}

    provide(names, environment=go.environment)
    assert not cache.exists()


def test_a_cache_of_ones_own_is_used_and_stays(go: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    provide(environment={**go.environment, "GOCACHE": str(own)})
    assert own.is_dir()
    assert str(own) in (go.home / "caches").read_text().split()
    assert not (Path(go.environment["AIDC_TOOLS"]) / ".go-build").exists()


def test_it_is_not_removed_from_under_a_build(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path / ".go-build")
    with cache.used({}) as environment:
        Path(environment["GOCACHE"]).mkdir()
        BuildCache(tmp_path / ".go-build").remove()
        assert cache.folder.is_dir()
    cache.remove()
    assert not cache.folder.exists()
