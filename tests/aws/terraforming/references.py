"""Answers that are references: what Terraform's provider will compute is told by where it will be."""

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from aidc.evaluation.aws_answers import aws_answer, aws_id

from .schemas import Block, Provider

# What programs calculate with has to be a value: names of proofs are looked up, blocks of addresses divided.
_VALUES: Final = {
    "aws:acm/certificate:Certificate": {"domainValidationOptions"},
    "aws:ec2/vpc:Vpc": {"ipv6CidrBlock"},
}

# What programs take apart has to have its parts: the name of a bucket is the end of its ARN.
_PARTS: Final = {"aws:s3/bucket:Bucket": {"arn": "arn:aws:s3:::{id}"}}

# A reference on its way through the program: nothing that a program does to names changes it.
_MARK: Final = re.compile(r"tf<([^>]*)>")


def opened(text: str) -> str:
    """A text of the program as a template of Terraform's: its references live, everything else as it is."""
    return _MARK.sub(r"${\1}", text.replace("${", "$${").replace("%{", "%%{"))


def references(text: str) -> list[str]:
    """The references in a text, such as `aws_vpc.main.id`."""
    return _MARK.findall(text)


class References:
    """Answers the outputs of AWS resources with references to them, and remembers how each is called."""

    def __init__(self, provider: Provider, *, is_left_out: Callable[[str], bool] = lambda type: False) -> None:
        """Take Terraform's types whose resources will not be there: their outputs are plain answers."""
        self._provider = provider
        self._is_left_out = is_left_out
        self._labels: dict[int, tuple[str, Mapping[str, Any]]] = {}
        self._taken: set[tuple[str, str]] = set()
        self.prefix = ""
        """Put before every label, so that several programs can share one configuration."""

    def __call__(self, token: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
        type = self._provider.type_of(token) if token.startswith("aws:") else None
        if type is None or self._is_left_out(type):
            return None
        label = self._label(type, name)
        self._labels[id(inputs)] = label, inputs
        schema = self._provider.resource(type)
        plain = dict(aws_answer(token, name, inputs) or {})
        plain["id"] = f"tf<{type}.{label}.id>" if "id" in schema.attributes else aws_id(token, name, inputs)
        for key, value in _outputs(token).items():
            if key in _VALUES.get(token, ()):
                continue
            found = value(inputs.get(key), schema, f"{type}.{label}")
            if found is not None:
                plain[key] = found
        for key, form in _PARTS.get(token, {}).items():
            plain[key] = form.format(id=plain["id"])
        return plain

    def label_of(self, inputs: Mapping[str, Any]) -> str | None:
        """How the resource with exactly these inputs is called; None for one that was not answered here."""
        found = self._labels.get(id(inputs))
        return found[0] if found else None

    def _label(self, type: str, name: str) -> str:
        wanted = re.sub(r"\W", "_", f"{self.prefix}{name}".lower())
        wanted = label = wanted if wanted[0].isalpha() else f"_{wanted}"
        number = 2
        while (type, label) in self._taken:
            label, number = f"{wanted}_{number}", number + 1
        self._taken.add((type, label))
        return label


Output = Callable[[Any, Block, str], Any]
"""`(what the program gave, schema, path of the resource or block) -> value with references`, or None."""


@cache
def _outputs(token: str) -> Mapping[str, Output]:
    """The outputs of a type of Pulumi's, by name."""
    module, _, rest = token.removeprefix("aws:").partition("/")
    package = importlib.import_module(f"pulumi_aws.{module}")
    return _properties(getattr(package, rest.partition(":")[2]), package)


def _properties(kind: type, package: Any) -> Mapping[str, Output]:
    found: dict[str, Output] = {}
    for name, member in inspect.getmembers(kind, lambda member: isinstance(member, property)):
        annotation = str(member.fget.__annotations__.get("return", ""))
        told = getattr(member.fget, "_pulumi_name", name)
        inner = re.search(r"outputs\.(\w+)", annotation)
        if inner:
            nested = getattr(package.outputs, inner[1])
            found[told] = _object(name, nested, package, is_list="Sequence[" in annotation)
        elif re.search(r"\bstr\b", annotation) and "Mapping[" not in annotation and "Dict[" not in annotation:
            found[told] = _text(name, is_list="Sequence[" in annotation)
    return found


def _text(name: str, *, is_list: bool) -> Output:
    def value(given: Any, schema: Block, path: str) -> Any:
        own = schema.match(name)
        if given is not None or own not in schema.attributes or not schema.attributes[own].get("computed"):
            return None
        told = schema.attributes[own].get("type")
        if is_list:
            place = f"tolist({path}.{own})" if told[0] == "set" else f"{path}.{own}"
            return [f"tf<{place}[0]>"]
        return f"tf<{path}.{own}>" if told == "string" else None

    return value


def _object(name: str, kind: type, package: Any, *, is_list: bool) -> Output:
    properties: Mapping[str, Output] | None = None

    def value(given: Any, schema: Block, path: str) -> Any:
        nonlocal properties
        own = schema.match(name)
        if own is None or (is_list and given is not None):
            return None
        inner, place = _inside(schema, own, path)
        if inner is None:
            return None
        if properties is None:
            properties = _properties(kind, package)
        known = given if isinstance(given, Mapping) else {}
        found = {key: each(known.get(key), inner, place) for key, each in properties.items()}
        found = {**known, **{key: each for key, each in found.items() if each is not None}}
        if found == known:
            return None
        return [found] if is_list else found

    return value


def _inside(schema: Block, name: str, path: str) -> tuple[Block | None, str]:
    """The schema of what is in a block or an object, and the path of its first one."""
    if name in schema.blocks:
        mode, inner = schema.blocks[name]["nesting_mode"], schema.block(name)
    else:
        attribute = schema.attributes[name]
        told = attribute.get("type")
        if "nested_type" in attribute:
            mode, inner = attribute["nested_type"]["nesting_mode"], Block(attribute["nested_type"]["attributes"], {})
        elif isinstance(told, list) and isinstance(told[1], list) and told[1][0] == "object":
            mode = told[0]
            inner = Block({key: {"type": each, "computed": True} for key, each in told[1][1].items()}, {})
        else:
            return None, ""
    place = {"list": f"{path}.{name}[0]", "set": f"tolist({path}.{name})[0]"}.get(mode, f"{path}.{name}")
    return inner, place
