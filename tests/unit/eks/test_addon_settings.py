"""What the managed add-ons are told, and the kubeconfig."""

import json

from aidc.infra.eks import ClusterIpFamily, kubeconfig
from aidc.infra.eks.addon_settings import BEFORE_NODES, SERVICE_ACCOUNTS, addon_settings
from aidc.infra.versions import ADDON_NAMES


def settings(name: str, family: ClusterIpFamily = ClusterIpFamily.IPV4, **subnets: str) -> dict[str, object]:
    return addon_settings(name, ip_family=family, pod_subnets=subnets, security_group="sg-1")


def test_every_add_on_that_is_ordered_or_has_a_role_is_pinned() -> None:
    assert set(ADDON_NAMES) >= BEFORE_NODES
    assert set(SERVICE_ACCOUNTS) <= set(ADDON_NAMES)


def test_the_network_plug_in_gives_prefixes_and_enforces_network_policies() -> None:
    assert settings("vpc-cni") == {
        "enableNetworkPolicy": "true",
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


def test_pods_get_subnets_of_their_own_by_zone() -> None:
    found = settings("vpc-cni", b="subnet-b", a="subnet-a")
    assert found["env"] == {
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "ENABLE_PREFIX_DELEGATION": "true",
        "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
        "WARM_PREFIX_TARGET": "1",
    }
    assert found["eniConfig"] == {
        "create": True,
        "subnets": {
            "a": {"id": "subnet-a", "securityGroups": ["sg-1"]},
            "b": {"id": "subnet-b", "securityGroups": ["sg-1"]},
        },
    }


def test_ipv6_is_all_or_nothing() -> None:
    found = settings("vpc-cni", ClusterIpFamily.IPV6)
    assert found["env"] == {
        "ENABLE_IPv4": "false",
        "ENABLE_IPv6": "true",
        "ENABLE_PREFIX_DELEGATION": "true",
        "WARM_PREFIX_TARGET": "1",
    }


def test_dns_has_resources_and_survives_a_drain() -> None:
    found = settings("coredns")
    assert found["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert found["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}


def test_what_runs_on_system_nodes_tolerates_their_taint() -> None:
    for name in ("metrics-server", "snapshot-controller"):
        assert settings(name) == {"tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}]}


def test_other_add_ons_keep_their_own_defaults() -> None:
    assert settings("kube-proxy") == settings("eks-pod-identity-agent") == {}


def test_a_kubeconfig_asks_for_tokens_and_holds_none() -> None:
    text = kubeconfig(
        cluster_name="prod", region="eu-west-1", endpoint="https://api", certificate_authority="Y2E=", role_arn="arn:r"
    )
    config = json.loads(text)
    assert config["clusters"] == [
        {"name": "prod", "cluster": {"server": "https://api", "certificate-authority-data": "Y2E="}}
    ]
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert user["user"]["exec"]["args"] == [
        *("eks", "get-token", "--cluster-name", "prod", "--region", "eu-west-1", "--output", "json"),
        *("--role-arn", "arn:r"),
    ]
    assert not {"token", "password", "client-key-data"} & set(user["user"])


def test_a_kubeconfig_is_the_same_text_for_the_same_cluster() -> None:
    def text() -> str:
        return kubeconfig(cluster_name="a", region="r", endpoint="e", certificate_authority="c")

    assert text() == text()
    assert "--role-arn" not in text()
