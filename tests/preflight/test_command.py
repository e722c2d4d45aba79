"""`aidc check` as people run it: exit codes, the page, data, mistakes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aidc.preflight import ACCOUNT_CHECKS, MACHINE_CHECKS

ROOT = Path(__file__).parents[2]
AIDC = Path(sys.executable).with_name("aidc")
PROGRAM = """
import pulumi_aws as aws
from pulumi import ResourceOptions
from aidc.infra.kubernetes import KubernetesObject
provider = aws.Provider("aws", region="us-east-1", allowed_account_ids=["123456789012"])
aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=ResourceOptions(provider=provider))
values = {"node.kubernetes.io/instance-type": ["p5.48xlarge"], "karpenter.sh/capacity-type": ["on-demand"]}
requirements = [{"key": key, "operator": "In", "values": listed} for key, listed in values.items()]
reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}
spec = {"limits": {"nodes": 2}, "template": {"spec": {"requirements": requirements, "nodeClassRef": reference}}}
pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpu"}, "spec": spec}
KubernetesObject("gpu", pool)
"""
SIMULATED = """
from aidc.components.compute import GpuNodePool, KwokNodeClass
KwokNodeClass("default", {})
scaling = {"maximum_nodes": 1}
GpuNodePool("h100", {"provisioner": "karpenter-kwok", "instance_types": ["p5.48xlarge"], "scaling": scaling})
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    def make(program: str) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
        (folder / "__main__.py").write_text(program)
        return folder

    return make


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
        from aidc.cli import main

        monkeypatch.setattr(sys, "argv", ["aidc", "check", "dev", "-C", str(folder), *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_exit_codes_and_the_page(front: Any, project: Any, check: Any) -> None:
    folder = project(PROGRAM)
    code, out, err = check(folder)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("dev against AWS, us-east-1: ")
    assert "credentials" in out.splitlines()[-1]
    front.quotas(L_417A185B=0)
    code, out, err = check(folder)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "Errors: a deployment would fail" in lines
    (line,) = [line for line in lines if "L-417A185B" in line]
    for word in (
        "vcpu-quotas",
        "384 vCPUs (gpu: 2 x p5.48xlarge)",
        "not even one node starts",
        "console.aws.amazon.com",
    ):
        assert word in line


def test_the_page_as_data(front: Any, project: Any, check: Any) -> None:
    front.quotas(L_417A185B=0)
    code, out, err = check(project(PROGRAM), "--json")
    data = json.loads(out)
    assert (code, err, data["environment"], data["place"]) == (1, "", "dev", "AWS, us-east-1")
    assert [each["check"] for each in data["checks"]] == [each.name for each in ACCOUNT_CHECKS]
    (found,) = next(each for each in data["checks"] if each["check"] == "vcpu-quotas")["findings"]
    assert set(found) == {"status", "subject", "wanted", "found", "wayOut"}
    assert found["status"] == "error"


def test_checks_can_be_left_out(front: Any, project: Any, check: Any) -> None:
    front.quotas(L_417A185B=0)
    code, out, _ = check(project(PROGRAM), "--skip", "vcpu-quotas", "--skip", "names")
    assert code == 0
    assert "left out, as asked" in out


def test_a_check_that_does_not_exist(front: Any, project: Any, check: Any) -> None:
    code, out, err = check(project(PROGRAM), "--skip", "quotas")
    assert (code, out) == (2, "")
    assert "--skip: 'quotas' is not one of credentials, " in err
    assert "did you mean 'vcpu-quotas'" in err


def test_no_region_anywhere(front: Any, project: Any, check: Any) -> None:
    code, _, err = check(project("import pulumi_aws as aws\naws.s3.Bucket('data')\n"))
    assert code == 2
    assert "nothing says a region; give --region" in err
    code, out, _ = check(project("import pulumi_aws as aws\naws.s3.Bucket('data')\n"), "--region", "eu-west-1")
    assert (code, out.partition(": ")[0]) == (0, "dev against AWS, eu-west-1")


def test_the_region_of_the_configuration(front: Any, project: Any, check: Any) -> None:
    folder = project("import pulumi_aws as aws\naws.s3.Bucket('data')\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    assert check(folder)[1].startswith("dev against AWS, eu-west-1: ")


def test_a_profile_of_the_provider_that_is_not_there(front: Any, project: Any, check: Any) -> None:
    program = PROGRAM.replace('region="us-east-1"', 'region="us-east-1", profile="no-such"')
    code, out, _ = check(project(program))
    assert code == 1
    assert "no-such" in out


def test_without_credentials_the_whole_process_ends_soon_and_well(front: Any, project: Any) -> None:
    kept = {key: value for key, value in os.environ.items() if key not in ("AWS_ACCESS_KEY_ID", "COLUMNS")}
    ended = subprocess.run(
        [AIDC, "check", "dev", "-C", project(PROGRAM)], env=kept, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "there are none" in ended.stdout


def test_this_machine_for_a_simulated_environment(
    project: Any, check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIDC_STATE", str(tmp_path / "state"))
    code, out, err = check(project(SIMULATED), "--json")
    data = json.loads(out)
    assert (code, err, data["place"]) == (0, "", "this machine")
    assert [each["check"] for each in data["checks"]] == [each.name for each in MACHINE_CHECKS]
    assert all(each["findings"] for each in data["checks"])
    monkeypatch.setenv("AIDC_TOOLS", str(tmp_path / "tools"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("GOROOT", raising=False)
    _, out, _ = check(project(SIMULATED), "--skip", "disk")
    (line,) = [line for line in out.splitlines() if line.startswith("programs")]
    assert "kube-apiserver" in line


def test_little_memory_and_no_ports(monkeypatch: pytest.MonkeyPatch, project: Any, check: Any) -> None:
    import psutil

    from aidc.preflight import machine_checks

    def no_ports(*_: object) -> None:
        raise OSError("no free port between 1 and 2 for 0")

    monkeypatch.setattr(machine_checks, "choose_ports", no_ports)
    memory = psutil.virtual_memory()._replace(available=2**29)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    code, out, _ = check(project(SIMULATED))
    assert code == 1
    assert "0.5 GiB are available" in out
    assert "no free port" in out


def test_an_environment_that_needs_neither(project: Any, check: Any) -> None:
    code, out, err = check(project("import pulumi\npulumi.export('a', 1)\n"))
    assert (code, err) == (0, "")
    assert "nothing to look at" in out


def test_the_page_of_the_documentation_names_every_check() -> None:
    text = (ROOT / "docs" / "preflight.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \| (\w+) \| (.*?) \|$", text, re.MULTILINE)
    wanted = [
        (each.name, each.asks, str(each.severity), ", ".join(f"`{name}`" for name in each.permissions) or "none")
        for each in (*ACCOUNT_CHECKS, *MACHINE_CHECKS)
    ]
    assert rows == wanted


def test_nothing_of_it_loads_boto3_before_it_is_needed() -> None:
    program = "import sys, aidc.preflight; sys.exit(1 if {'boto3', 'pulumi_aws', 'rich'} & set(sys.modules) else 0)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
