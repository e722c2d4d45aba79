"""The order of a deletion follows from who depends on whom."""

import pulumi

from aidc.evaluation import evaluate
from aidc.evaluation.layers import joined
from aidc.infra.kubernetes import KubernetesObject
from aidc.planning.plan.teardown import teardown_order


class Part(pulumi.ComponentResource):
    def __init__(self, kind: str, name: str, needs: list[pulumi.Resource], **options: bool) -> None:
        super().__init__(f"test:index:{kind}", name)
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        opts = pulumi.ResourceOptions(parent=self, depends_on=needs, **options)
        self.thing = KubernetesObject(name, manifest, opts)


def program() -> None:
    network = Part("Network", "net", [], protect=True)
    cluster = Part("Cluster", "cluster", [network.thing])
    for name in ("b", "a"):
        Part("Pool", name, [cluster.thing])
    Part("Store", "data", [network.thing], retain_on_delete=True)


def test_what_others_need_goes_last() -> None:
    steps = teardown_order(evaluate(program))
    assert [(step.kind, step.names) for step in steps] == [
        ("Pool", ("a", "b")),
        ("Store", ("data",)),
        ("Cluster", ("cluster",)),
        ("Network", ("net",)),
    ]


def test_what_is_protected_or_kept_is_counted() -> None:
    steps = {step.kind: step for step in teardown_order(evaluate(program))}
    assert (steps["Network"].protected, steps["Store"].kept, steps["Cluster"].protected) == (1, 1, 0)


def test_what_a_provider_was_made_from_goes_after_what_the_provider_made() -> None:
    class Provider(pulumi.ProviderResource):
        pass

    def through_provider() -> None:
        cluster = Part("Cluster", "cluster", [])
        provider = Provider("kubernetes", "own", {"kubeconfig": cluster.thing.metadata["name"]})
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}
        parent = pulumi.ComponentResource("test:index:Workload", "x")
        KubernetesObject("x", manifest, pulumi.ResourceOptions(provider=provider, parent=parent))

    assert [step.kind for step in teardown_order(evaluate(through_provider))] == ["Workload", "Cluster"]


def test_nothing_to_delete_is_no_step() -> None:
    assert teardown_order(evaluate(lambda: None)) == ()


def test_the_uppermost_of_several_stacks_is_destroyed_first() -> None:
    low, high = evaluate(program, "low"), evaluate(lambda: Part("Workload", "x", []) and None, "high")
    steps = teardown_order(joined([low, high]))
    assert [step.stack for step in steps] == ["high", "low", "low", "low", "low"]
