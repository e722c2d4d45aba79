"""Evaluation through components beside the same resources registered by hand in plain Pulumi, in one run.

`python benchmarks/evaluation.py [--counts 10,100,1000,10000] [--repeat 3] [--json]`

Each measurement is a process of its own, the two sides alternate, and the median counts. Only the evaluation is
timed, not the imports. By hand means: the same component resources, the same children with the same inputs and
options, by the classes of pulumi-kubernetes, under Pulumi's own mocks.
"""

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time

_EACH = 7  # resources of one small tenancy: the component, namespace, account, limits, three network policies


def ours(count: int) -> tuple[float, int]:
    from aidc.components.tenancy import Tenancy
    from aidc.evaluation import evaluate

    def program() -> None:
        for index in range(math.ceil(count / _EACH)):
            Tenancy(f"t{index}", {})

    started = time.perf_counter()
    graph = evaluate(program)
    return time.perf_counter() - started, len(graph) - 1


def by_hand(count: int) -> tuple[float, int]:
    import asyncio

    import pulumi
    from pulumi.runtime import mocks
    from pulumi.runtime.stack import run_pulumi_func
    from pulumi_kubernetes.core.v1 import LimitRange, Namespace, ServiceAccount
    from pulumi_kubernetes.networking.v1 import NetworkPolicy

    class Answers(mocks.Mocks):
        def call(self, args):
            return {}

        def new_resource(self, args):
            return f"{args.name}-id", args.inputs

    class Tenancy(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("aidc:index:Tenancy", name, {})
            labels = {
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/component": "tenancy",
                "app.kubernetes.io/managed-by": "aidc",
            }
            standards = {f"pod-security.kubernetes.io/{m}": "restricted" for m in ("enforce", "audit", "warn")}
            space = Namespace(
                name,
                metadata={"name": name, "labels": {**labels, **standards}},
                opts=pulumi.ResourceOptions(parent=self),
            )
            inside = pulumi.ResourceOptions(parent=self, depends_on=[space])
            account = ServiceAccount(
                f"{name}-workload",
                metadata={"name": "workload", "namespace": name, "labels": labels},
                automount_service_account_token=False,
                opts=inside,
            )
            limit = {
                "type": "Container",
                "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
                "default": {"memory": "256Mi"},
            }
            LimitRange(
                f"{name}-limits",
                metadata={"name": "defaults", "namespace": name, "labels": labels},
                spec={"limits": [limit]},
                opts=inside,
            )
            dns = {
                "to": [
                    {
                        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                    }
                ],
                "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
            }
            same = [{"podSelector": {}}]
            specs = {
                "default-deny": {"policyTypes": ["Ingress", "Egress"]},
                "allow-dns": {"policyTypes": ["Egress"], "egress": [dns]},
                "allow-tenant": {
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [{"from": same}],
                    "egress": [{"to": same}],
                },
            }
            for policy, spec in specs.items():
                NetworkPolicy(
                    f"{name}-{policy}",
                    metadata={"name": policy, "namespace": name, "labels": labels},
                    spec={"podSelector": {}, **spec},
                    opts=inside,
                )
            self.register_outputs({"namespace": space.metadata["name"], "service_account": account.metadata["name"]})

    def program() -> None:
        for index in range(math.ceil(count / _EACH)):
            Tenancy(f"t{index}")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    monitor = mocks.MockMonitor(Answers())
    started = time.perf_counter()
    mocks.set_mocks(Answers(), monitor=monitor)
    loop.run_until_complete(run_pulumi_func(program))
    return time.perf_counter() - started, len(monitor.get_registered_resources())


SIDES = {"ours": ours, "by hand": by_hand}


def measure(side: str, count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--one", side, str(count)], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="10,100,1000,10000")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        seconds, made = SIDES[arguments.one[0]](int(arguments.one[1]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "resources": made, "peakMebibytes": peak}))
        return
    rows = []
    for count in map(int, arguments.counts.split(",")):
        runs = {side: [] for side in SIDES}
        for _ in range(arguments.repeat):
            for side, found in runs.items():
                found.append(measure(side, count))
        assert len({run["resources"] for found in runs.values() for run in found}) == 1, "the two sides differ"
        row = {"resources": runs["ours"][0]["resources"]}
        for side, found in runs.items():
            row[side] = {key: statistics.median(run[key] for run in found) for key in ("seconds", "peakMebibytes")}
        row["ratio"] = row["ours"]["seconds"] / row["by hand"]["seconds"]
        rows.append(row)
        if not arguments.json:
            ms = {side: 1000 * row[side]["seconds"] / row["resources"] for side in SIDES}
            print(
                f"{row['resources']:>6} resources: ours {row['ours']['seconds']:.3f} s ({ms['ours']:.2f} ms each, "
                f"{row['ours']['peakMebibytes']:.0f} MiB), by hand {row['by hand']['seconds']:.3f} s "
                f"({ms['by hand']:.2f} ms each, {row['by hand']['peakMebibytes']:.0f} MiB), "
                f"ratio {row['ratio']:.2f}",
                flush=True,
            )
    if arguments.json:
        print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
