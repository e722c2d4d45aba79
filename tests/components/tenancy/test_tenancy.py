"""Tenancy: exact children, isolation by default, and errors by path."""

import pytest

from aidc.components.tenancy import Tenancy, TenancyArgs, plan_tenancy
from aidc.evaluation import ResourceGraph, evaluate
from aidc.problems import InvalidInput


def declare(args: TenancyArgs) -> ResourceGraph:
    return evaluate(lambda: Tenancy("research", args))


def test_children_are_exactly_these() -> None:
    graph = declare({"quota": {"gpus": "64"}})
    children = [(r.type, r.name) for r in graph.descendants(graph.named("research", "aidc:index:Tenancy").urn)]
    assert sorted(children) == [
        ("kubernetes:core/v1:LimitRange", "research-limits"),
        ("kubernetes:core/v1:Namespace", "research"),
        ("kubernetes:core/v1:ResourceQuota", "research-quota"),
        ("kubernetes:core/v1:ServiceAccount", "research-workload"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "research-allow-dns"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "research-allow-tenant"),
        ("kubernetes:networking.k8s.io/v1:NetworkPolicy", "research-default-deny"),
    ]


def test_everything_in_it_waits_for_the_namespace_and_is_deleted_by_itself() -> None:
    graph = declare({})
    namespace = graph.named("research", "kubernetes:core/v1:Namespace")
    inside = [r for r in graph if r.package == "kubernetes" and r is not namespace]
    assert inside
    assert all(r.dependencies == (namespace.urn,) and r.deleted_with == "" for r in inside)


def test_default_deny_names_no_exception() -> None:
    policy = declare({}).named("research-default-deny").inputs
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_isolated_pods_reach_nothing_but_dns() -> None:
    graph = declare({"isolate_pods": True})
    names = {r.name for r in graph.of_type("kubernetes:*:NetworkPolicy")}
    assert names == {"research-default-deny", "research-allow-dns"}


def test_pod_security_is_restricted_and_the_account_has_no_token() -> None:
    graph = declare({})
    labels = graph.named("research", "kubernetes:core/v1:Namespace").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert graph.named("research-workload").inputs["automountServiceAccountToken"] is False


def test_networks_outside_may_be_opened_at_some_ports_alone() -> None:
    def egress(**changes: object) -> object:
        (rule,) = declare(changes).named("research-allow-egress").inputs["spec"]["egress"]  # type: ignore[arg-type]
        return rule

    everywhere = [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
    assert egress(egress_cidrs=["0.0.0.0/0"]) == {"to": everywhere}
    ports = [{"protocol": "TCP", "port": 80}, {"protocol": "TCP", "port": 443}]
    assert egress(egress_cidrs=["0.0.0.0/0"], egress_ports=[443, 80, 443]) == {"to": everywhere, "ports": ports}


def test_order_of_lists_does_not_matter() -> None:
    first = declare({"egress_cidrs": ["10.0.0.0/8", "172.16.0.0/12"], "ingress_namespaces": ["b", "a"]})
    second = declare({"egress_cidrs": ["172.16.0.0/12", "10.0.0.0/8"], "ingress_namespaces": ["a", "b"]})
    policies = [{r.urn: r.inputs for r in g.of_type("kubernetes:*:NetworkPolicy")} for g in (first, second)]
    assert policies[0] == policies[1]


def test_all_problems_are_listed_at_once_by_path() -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_tenancy(
            {"namespace": "Not A Name", "quota": {"memory": "two"}, "egress_cidrs": ["10.0.0.1/8"]}  # type: ignore[typeddict-item]
        )
    assert [problem.path for problem in caught.value.problems] == ["namespace", "quota.memory", "egressCidrs[0]"]


@pytest.mark.parametrize(
    ("args", "path", "words"),
    [
        ({"namespaces": "x"}, "namespaces", "did you mean 'namespace'"),
        ({"quota": {"gpu": "8"}}, "quota.gpu", "did you mean 'gpus'"),
        ({"quota": {"gpus": "-1"}}, "quota.gpus", "more than 0 accelerators"),
        ({"quota": {"gpus": "1.5"}}, "quota.gpus", "no whole number of accelerators"),
        ({"container_defaults": {"memory": "100m"}}, "containerDefaults.memory", "0.100 bytes"),
        ({"namespace": "kube-system"}, "namespace", "the cluster's own"),
        ({"namespace": "default"}, "namespace", "the cluster's own"),
        ({"pod_security": "restrict"}, "podSecurity", "did you mean 'restricted'"),
        ({"egress_cidrs": ["10.0.0.0/8"], "egress_ports": [0]}, "egressPorts[0]", "1 or more"),
        ({"egress_ports": [443]}, "egressPorts", "give egressCidrs"),
    ],
)
def test_a_wrong_field_is_named(args: TenancyArgs, path: str, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plan_tenancy(args)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert words in problem.reason


def test_the_component_says_which_one_is_wrong() -> None:
    with pytest.raises(InvalidInput, match="Tenancy 'research'"):
        declare({"namespace": "Not A Name"})
