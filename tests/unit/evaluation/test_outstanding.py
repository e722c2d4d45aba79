"""Waiting for a program's outputs: to the end, to the first failure, and without looking at all of them each time."""

import asyncio
from typing import Any

import pulumi
import pytest

from aidc.evaluation import EvaluationError, evaluate
from aidc.evaluation.outstanding import OutstandingOutputs


def test_outputs_that_begin_late_are_waited_for() -> None:
    seen = list[int]()

    def later(number: int) -> Any:
        seen.append(number)
        return pulumi.Output.from_input(number + 1).apply(later) if number < 50 else number

    evaluate(lambda: [pulumi.Output.from_input(0).apply(later), None][1])
    assert seen == list(range(51))


@pytest.mark.timeout(20)
def test_a_failure_ends_the_wait_for_an_output_that_never_comes() -> None:
    async def never() -> str:
        await asyncio.get_running_loop().create_future()
        return ""

    def program() -> None:
        pulumi.Output.from_input(never())
        pulumi.Output.from_input(1).apply(lambda number: 1 // (number - 1))

    with pytest.raises(EvaluationError, match="division"):
        evaluate(program)


def test_one_future_stands_for_all_and_is_done_with_the_first() -> None:
    async def steps() -> None:
        outputs = OutstandingOutputs()
        loop = asyncio.get_running_loop()
        waiting = [loop.create_future() for _ in range(3)]
        for each in waiting:
            outputs.add(each)
        (first,) = outputs
        outputs.clear()
        outputs.add(first)
        assert len(outputs) == 3
        waiting[1].set_result(None)
        await asyncio.wait_for(first, 1)
        outputs.remove(waiting[1])
        (second,) = outputs
        assert second is not first
        assert not second.done()
        waiting[2].set_exception(ValueError("wrong"))
        await asyncio.wait_for(second, 1)
        assert list(outputs) == [waiting[2]]
        outputs.discard(waiting[2])
        assert waiting[2] not in list(outputs)

    asyncio.run(steps())
