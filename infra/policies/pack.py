"""The rules as a policy pack of Pulumi. Needs the extra `policies`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from ...evaluation.graph import STACK_TYPE, UNKNOWN, Resource, ResourceGraph
from .exceptions import PolicyException, exceptions_file, read_exceptions
from .report import stack_of
from .rule import Level, ResourceRule, Rule, StackRule
from .rules import RULES

# Pulumi tells a pack neither the folder of the project nor that of its settings.
_STACKS: Final = Path(__file__).resolve().parents[2] / "stacks"
_LEVELS: Final = {Level.MANDATORY: EnforcementLevel.MANDATORY, Level.ADVISORY: EnforcementLevel.ADVISORY}


def run() -> None:
    """Serve the pack until Pulumi ends it; its port is the first line of standard output.

    Raises:
        InvalidInput: the file of exceptions cannot be used.
    """
    exceptions = read_exceptions(exceptions_file(_STACKS), [rule.name for rule in RULES])
    PolicyPack("aidc", policies(exceptions), description="Rules that every environment of aidc keeps.")


def policies(exceptions: Sequence[PolicyException] = ()) -> list[Policy]:
    """Return every rule as a policy of Pulumi that does not report what an exception covers."""
    found: list[Policy] = []
    registered = Registered()
    for rule in RULES:
        about: dict[str, Any] = {
            "name": rule.name,
            "description": rule.title,
            "enforcement_level": _LEVELS[rule.level],
            "remediation_steps": f"{rule.way_out[:1].upper()}{rule.way_out[1:]}.",
            "tags": list(rule.published),
        }
        own = [each for each in exceptions if each.rule == rule.name]
        if isinstance(rule, ResourceRule):
            found.append(ResourceValidationPolicy(validate=_resource_check(rule, own, registered), **about))
        elif isinstance(rule, StackRule):
            found.append(StackValidationPolicy(validate=_stack_check(rule, own, registered), **about))
    return found


class Registered:
    """Inputs of the resources that an update has registered, by URN.

    Pulumi shows a resource by its inputs when it is registered, and by its outputs at the end of the stack. Those hold
    what a server filled in, such as one replica of a Deployment whose number the program leaves to an autoscaler.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, dict[str, Any]] = {}
        self._is_over = False

    def inputs(self, args: ResourceValidationArgs) -> dict[str, Any]:
        """Return the inputs of a resource that is being registered; they are read once for all rules."""
        if self._is_over:
            self._inputs, self._is_over = {}, False
        if args.urn not in self._inputs:
            self._inputs[args.urn] = plain(args.props)
        return self._inputs[args.urn]

    def at_the_end(self, resource: PolicyResource) -> dict[str, Any]:
        """Return what a resource was registered with, or its outputs where it was not registered."""
        self._is_over = True
        known = self._inputs.get(resource.urn)
        return plain(resource.props) if known is None else known


def _resource_check(rule: ResourceRule, exceptions: Sequence[PolicyException], registered: Registered) -> Any:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        inputs = registered.inputs(args)
        resource = Resource(urn=args.urn, type=args.resource_type, name=args.name, inputs=inputs)
        if not rule.concerns(resource):
            return
        for message in rule.check(resource):
            _report(rule, resource, message, exceptions, report)

    return validate


def _stack_check(rule: StackRule, exceptions: Sequence[PolicyException], registered: Registered) -> Any:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for resource, message in rule.check(graph_of(args.resources, registered)):
            _report(rule, resource, message, exceptions, report)

    return validate


def _report(
    rule: Rule, resource: Resource, message: str, exceptions: Sequence[PolicyException], report: ReportViolation
) -> None:
    if not any(each.covers(rule.name, stack_of(resource.urn), resource.name) for each in exceptions):
        report(f"{message}; {rule.way_out}", resource.urn)


def graph_of(resources: Sequence[PolicyResource], registered: Registered) -> ResourceGraph:
    """Return the resources of a stack, as Pulumi gives them to a policy, as a graph like that of an evaluation."""
    found = {each.urn: _resource(each, registered.at_the_end(each)) for each in resources}
    # What stands first in a graph is its stack.
    first = sorted(found, key=lambda urn: found[urn].type != STACK_TYPE)
    return ResourceGraph(project="", stack="", preview=True, resources={urn: found[urn] for urn in first})


def _resource(given: PolicyResource, inputs: dict[str, Any]) -> Resource:
    return Resource(
        urn=given.urn,
        type=given.resource_type,
        name=given.name,
        parent=given.parent.urn if given.parent else "",
        inputs=inputs,
        provider=given.provider.urn if given.provider else "",
        dependencies=tuple(sorted(each.urn for each in given.dependencies)),
        property_dependencies={
            key: tuple(each.urn for each in needed) for key, needed in given.property_dependencies.items()
        },
    )


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties as plain values, with `UNKNOWN` where reading them says that nothing is known."""
    return {key: _read(value, key) for key in value}


def _read(container: Any, key: str | int) -> Any:
    try:
        value: object = container[key]
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, Mapping):
        return plain(cast(Mapping[str, Any], value))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_read(value, index) for index in range(len(cast(Sequence[Any], value)))]
    return value
