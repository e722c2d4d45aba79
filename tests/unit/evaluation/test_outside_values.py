"""Values that come from outside the evaluation, or that no answer gives."""

import asyncio
import threading
from typing import Any

import pulumi

from aidc.evaluation import UNKNOWN, evaluate
from aidc.infra.kubernetes import KubernetesObject


def test_an_output_made_before_the_evaluation_does_not_hold_it_up() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        outside = pulumi.Output.from_input({"key": "value"})
        done: list[Any] = []
        thread = threading.Thread(
            target=lambda: done.append(evaluate(lambda: pulumi.export("done", True))), name="evaluation", daemon=True
        )
        thread.start()
        thread.join(timeout=30)
        assert done, "the evaluation waits for an output of another event loop"
        assert done[0].outputs == {"done": True}
        assert loop.run_until_complete(outside.future()) == {"key": "value"}
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_a_name_that_nobody_knows_may_be_part_of_what_the_server_answers() -> None:
    def program() -> None:
        space = KubernetesObject("space", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "space"}})
        namespace = space.status.apply(lambda status: status["phase"])
        metadata = {"name": "map", "namespace": namespace}
        made = KubernetesObject("map", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        pulumi.export("name", made.object_name)
        pulumi.export("namespace", made.metadata.apply(lambda known: known["namespace"]))

    for preview in (False, True):
        graph = evaluate(program, preview=preview)
        assert "metadata.namespace" in graph.named("map").unknowns
        assert graph.outputs["namespace"] == UNKNOWN
