"""Parallel equals serial: the same losses, norms, evaluation and weights, whatever the layout."""

import json
from typing import Any

import pytest

TOLERANCE = 1e-4

LAYOUTS = {
    1: ["alone"],
    2: [
        "data=2",
        "sharded=2",
        "sharded=2,recomputed=1",
        "tensor=2",
        "pipeline=2",
        "pipeline=2,schedule=gpipe",
    ],
    4: [
        "data=2,sharded=2",
        "data=2,tensor=2",
        "data=2,pipeline=2",
        "sharded=2,tensor=2",
        "sharded=2,pipeline=2",
        "tensor=2,pipeline=2",
    ],
}


@pytest.fixture(scope="module")
def curves(crew: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("curves")
    found: dict[str, Any] = {}
    for size, layouts in LAYOUTS.items():
        output, log = folder / f"{size}.json", folder / f"{size}.log"
        ended = crew.run(log, [str(output), *layouts], (size,), script="curves.py")
        assert ended["codes"] == [0] * size, log.read_text()
        found |= json.loads(output.read_text())
    return found


@pytest.mark.parametrize("layout", [*LAYOUTS[2], *LAYOUTS[4]])
def test_a_layout_learns_as_one_process_does(curves: dict[str, Any], layout: str) -> None:
    alone, spread = curves["alone"], curves[layout]
    assert spread["losses"] == pytest.approx(alone["losses"], abs=TOLERANCE)
    assert spread["norms"] == pytest.approx(alone["norms"], abs=TOLERANCE)
    assert spread["evaluation"] == pytest.approx(alone["evaluation"], abs=TOLERANCE)
    assert spread["weights"] == pytest.approx(alone["weights"], abs=1e-2)


def test_one_process_learns(curves: dict[str, Any]) -> None:
    # Otherwise, all layouts could agree in learning nothing; every norm is beyond what it is clipped to.
    alone = curves["alone"]
    assert alone["losses"][-1] < alone["losses"][0] - 0.5
    assert min(alone["norms"]) > 0.5
