"""What all tests share: the library's fixture `evaluate_stack`, and the stacks of this project."""

from pathlib import Path

import pytest

pytest_plugins = ["aidc.evaluation.testing"]

PROJECT = Path(__file__).parent.parent


@pytest.fixture(params=["dev", "prod"])
def graph(evaluate_stack, request):
    """All that a stack declares; a test that takes it runs once for each stack."""
    return evaluate_stack(PROJECT, request.param)


@pytest.fixture
def prod(evaluate_stack):
    return evaluate_stack(PROJECT, "prod")
