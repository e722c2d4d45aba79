"""The data of the add-ons holds together, and the page shows it."""

import re
from pathlib import Path

import pytest
import yaml

from aidc.infra.addons import ADDONS, AddonSettings
from aidc.infra.addons.addon import PodSecurityStandard
from aidc.infra.addons.catalog import MONITORS
from aidc.infra.addons.gpu_software import OWNERSHIP
from aidc.infra.addons.settings import COMMON_SETTINGS
from aidc.infra.addons.values import file_values
from aidc.infra.policies.addon_rules import DEVICES, DRIVERS, OBJECTS
from aidc.infra.versions import ADDON_CHARTS

ROOT = Path(__file__).parents[3]
VALUES = ROOT / "infra" / "addons" / "values"
PAGE = ROOT / "docs" / "components" / "cluster-addons.md"

each_addon = pytest.mark.parametrize("addon", list(ADDONS.values()), ids=lambda addon: addon.name)


def test_every_chart_is_an_addon_and_every_addon_has_a_chart():
    assert set(ADDONS) == set(ADDON_CHARTS)


def test_every_file_of_values_is_used_and_every_addon_has_one():
    shown = {name for name, addon in ADDONS.items() if MONITORS in addon.after}
    assert {file.name for file in VALUES.iterdir()} == {
        *(f"{name}.yaml" for name in ADDONS),
        *(f"{name}.monitored.yaml" for name in shown),
    }


@each_addon
def test_the_values_of_an_addon_are_a_map(addon):
    assert yaml.safe_load((VALUES / f"{addon.name}.yaml").read_text()) == file_values(addon.name)
    assert file_values(addon.name)


@each_addon
def test_what_an_addon_names_is_there(addon):
    assert {*addon.needs, *addon.after, *addon.conflicts} <= set(ADDONS)
    assert addon.name not in {*addon.needs, *addon.after, *addon.conflicts}
    assert addon.required_settings <= addon.settings
    assert addon.settings <= set(AddonSettings.__annotations__) - COMMON_SETTINGS
    accounts = [identity.service_account for identity in addon.identities]
    assert len(accounts) == len(set(accounts))


def test_every_setting_is_for_an_addon():
    used = set().union(*(addon.settings for addon in ADDONS.values()))
    assert used == set(AddonSettings.__annotations__) - COMMON_SETTINGS


@each_addon
def test_a_namespace_without_pod_security_has_a_reason(addon):
    is_open = addon.has_own_namespace and addon.pod_security is PodSecurityStandard.PRIVILEGED
    assert bool(addon.privileged_because) is is_open


def test_a_namespace_of_its_own_belongs_to_one_addon():
    own = [addon.namespace for addon in ADDONS.values() if addon.has_own_namespace]
    assert len(own) == len(set(own))


def test_no_two_addons_that_can_be_together_bring_the_same_definitions():
    for addon in ADDONS.values():
        for other in ADDONS.values():
            apart = other.name in addon.conflicts or addon.name in other.conflicts
            assert addon is other or apart or not set(addon.definitions) & set(other.definitions)


def test_what_the_choice_of_gpu_software_brings_is_for_gpus():
    assert all(ADDONS[owned.addon].needs_gpus for owned in OWNERSHIP.values() if owned.addon)


@each_addon
def test_the_service_account_of_the_values_is_the_one_with_the_identity(addon):
    for identity in addon.identities:
        values = file_values(addon.name)
        for key in identity.values:
            values = values[key]
        assert values["name"] == identity.service_account


def test_kueue_leaves_the_namespaces_of_addons_alone():
    configured = yaml.safe_load(file_values("kueue")["managerConfig"]["controllerManagerConfigYaml"])
    (expression,) = configured["managedJobsNamespaceSelector"]["matchExpressions"]
    assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "NotIn")
    assert {addon.namespace for addon in ADDONS.values()} <= set(expression["values"])


def test_the_page_draws_the_graph_that_there_is():
    (drawn,) = re.findall(r"^```mermaid\ngraph LR\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    expected = [
        f"    {addon.name} {arrow} {other}"
        for addon in ADDONS.values()
        for arrow, others in (("-->", addon.needs), ("-.->", addon.after), ("x--x", addon.conflicts))
        for other in sorted(others)
    ]
    assert drawn.splitlines() == expected


def test_the_page_lists_the_addons_that_there_are():
    section = PAGE.read_text().split("## The add-ons\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([-a-z0-9]+)` \| (.+?) \| `([-a-z]+)` \| (.*?) ?\| (.*?) ?\|$", section, re.MULTILINE)
    expected = [
        (
            addon.name,
            addon.purpose,
            addon.namespace,
            ", ".join(f"`{group}`" for group in addon.definitions),
            ", ".join(f"`{identity.service_account}`" for identity in addon.identities),
        )
        for addon in ADDONS.values()
    ]
    assert rows == expected


def test_the_rule_about_drivers_and_devices_names_add_ons_that_there_are():
    # EKS has the driver of EBS among its own add-ons.
    assert set(DRIVERS.values()) | set(DEVICES.values()) <= {*ADDONS, "aws-ebs-csi-driver"}


def test_the_rule_about_custom_objects_knows_who_brings_them():
    for group, charts in OBJECTS.items():
        bringing = [name for name in charts if group in ADDONS[name].definitions]
        assert bringing
        # The others need one that does.
        assert all(set(ADDONS[name].needs) & set(bringing) for name in charts if name not in bringing)
