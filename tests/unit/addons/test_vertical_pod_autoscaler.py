"""The chart of the Vertical Pod Autoscaler, as it lies in the module that its programs are built from."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from aidc.infra.addons.values import file_values
from aidc.infra.versions import ADDON_CHARTS, VERTICAL_POD_AUTOSCALER

NAME = "vertical-pod-autoscaler"
FREE = {"resources", "tolerations", "topologySpreadConstraints", "namespaceSelector", "podSecurityContext"}
FREE |= {"containerSecurityContext", "securityContext"}
"""Values that a chart hands on as they are."""


@pytest.fixture(scope="module")
def module() -> Path:
    """Go's copy of the module, which whoever builds the programs has."""
    cache = os.environ.get("GOMODCACHE") or Path(os.environ.get("GOPATH") or Path.home() / "go") / "pkg/mod"
    folder = Path(cache) / f"{VERTICAL_POD_AUTOSCALER.path}@{VERTICAL_POD_AUTOSCALER.tag}"
    if not folder.is_dir():
        pytest.skip("the module is not in Go's cache: the control plane's programs were built elsewhere")
    return folder


def unknown(ours: Mapping[str, Any], chart: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in ours.items():
        if key not in chart:
            yield f"{path}{key}"
        elif isinstance(value, dict) and isinstance(chart[key], dict) and key not in FREE:
            yield from unknown(value, chart[key], f"{path}{key}.")


def test_the_pinned_chart_is_the_one_of_the_programs(module: Path) -> None:
    chart = yaml.safe_load((module / "charts" / NAME / "Chart.yaml").read_text())
    assert chart["version"] == ADDON_CHARTS[NAME].number
    assert chart["appVersion"] == VERTICAL_POD_AUTOSCALER.number


def test_the_chart_knows_every_value_of_ours(module: Path) -> None:
    values = yaml.safe_load((module / "charts" / NAME / "values.yaml").read_text())
    assert list(unknown(file_values(NAME), values)) == []
    assert list(unknown({"updater": {"replica": 2}}, values)) == ["updater.replica"]


def test_the_chart_brings_the_definitions_that_policies_were_tried_with(module: Path) -> None:
    """Those that the simulated control plane installs; Helm's conditions around them are left out."""
    text = (module / "charts" / NAME / "templates/crds/vpa-v1-crd-gen.yaml").read_text()
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("{{", "helm.sh/")))
    brought, tried = (
        {each["metadata"]["name"]: each["spec"] for each in yaml.safe_load_all(content) if each}
        for content in (plain, (module / "deploy/vpa-v1-crd-gen.yaml").read_text())
    )
    assert set(tried) == {
        "verticalpodautoscalercheckpoints.autoscaling.k8s.io",
        "verticalpodautoscalers.autoscaling.k8s.io",
    }
    assert brought == tried
