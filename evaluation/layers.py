"""Stacks that stand on other stacks of the same project, evaluated together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..problems import InvalidInput, Problem
from .answers import Answer
from .evaluator import evaluate
from .failures import EvaluationError
from .graph import ResourceGraph
from .project import Project


def evaluate_layers(
    project: Project,
    stack: str,
    *,
    preview: bool = False,
    config: Mapping[str, Any] | None = None,
    answers: Sequence[Answer] = (),
    calls: Mapping[str, Mapping[str, Any]] | None = None,
) -> tuple[ResourceGraph, ...]:
    """Evaluate a stack, and before it every stack of the project that it refers to, directly or through others.

    A `StackReference` gets the outputs that the stack beneath has in this evaluation.

    Args:
        project: the project; stacks of other projects stay unknown.
        stack: the uppermost stack.
        preview: as for `evaluate`; of all stacks.
        config: configuration added to that of the uppermost stack.
        answers: as for `evaluate`; of all stacks.
        calls: as for `evaluate`; of all stacks.

    Returns:
        The graphs, lowest first; the last is that of `stack`.

    Raises:
        InvalidInput: as `evaluate`, or stacks refer to each other in a circle.
        EvaluationError: as `evaluate`.
    """
    beneath = _Beneath(project, {"preview": preview, "answers": answers, "calls": calls})
    beneath.open.append(stack)
    try:
        graph = evaluate(
            project, stack, preview=preview, config=config, answers=answers, calls=calls, stack_outputs=beneath
        )
    except (InvalidInput, EvaluationError) as failure:
        raise beneath.failure or failure from None
    if beneath.failure is not None:
        raise beneath.failure
    return (*beneath.graphs.values(), graph)


class _Beneath(Mapping[str, ResourceGraph]):
    """The stacks of a project by their full or short name, evaluated when they are first asked for."""

    def __init__(self, project: Project, options: Mapping[str, Any]) -> None:
        self.graphs: dict[str, ResourceGraph] = {}
        self.open: list[str] = []
        self.failure: InvalidInput | EvaluationError | None = None
        self._project = project
        self._options = options

    def __getitem__(self, name: str) -> ResourceGraph:
        *owner, stack = name.split("/")
        if stack not in self._project.stacks() or (owner and owner[-1] != self._project.name):
            raise KeyError(name)
        if stack not in self.graphs:
            # Raised once the stacks above have ended: Pulumi's SDK leaves loose ends where a reference fails.
            try:
                self.graphs[stack] = self._evaluated(stack)
            except (InvalidInput, EvaluationError) as failure:
                self.failure = self.failure or failure
                raise KeyError(name) from failure
        return self.graphs[stack]

    def _evaluated(self, stack: str) -> ResourceGraph:
        if stack in self.open:
            circle = " -> ".join([*self.open[self.open.index(stack) :], stack])
            raise InvalidInput(self._project.name, [Problem("", f"stacks refer to each other in a circle: {circle}")])
        self.open.append(stack)
        try:
            return evaluate(self._project, stack, stack_outputs=self, **self._options)
        finally:
            self.open.pop()

    def __iter__(self) -> Iterator[str]:
        return iter(self._project.stacks())

    def __len__(self) -> int:
        return len(self._project.stacks())


def joined(graphs: Sequence[ResourceGraph]) -> ResourceGraph:
    """Return the graphs of an environment as one, under the uppermost stack; URNs stay those of each stack."""
    if len(graphs) == 1:
        return graphs[0]
    top = graphs[-1]
    roots = {graph.root.urn for graph in graphs}
    resources = {top.root.urn: top.root}
    for graph in graphs:
        for urn, resource in graph.resources.items():
            if urn not in roots:
                is_below = resource.parent in roots
                resources[urn] = replace(resource, parent=top.root.urn) if is_below else resource
    return replace(
        top,
        resources=resources,
        stacks=tuple(graph.stack for graph in graphs),
        warnings=tuple(warning for graph in graphs for warning in graph.warnings),
        calls=tuple(sorted({call for graph in graphs for call in graph.calls})),
    )
