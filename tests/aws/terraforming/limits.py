"""What a stand-in of AWS cannot do, taken out of a configuration before it is applied there."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .translation import Configuration


class Limits:
    """The limits of moto, and which of them the configurations met."""

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self.types, self.groups = known["types"], known["groups"]
        self.arguments, self.forgotten = known["arguments"], known["forgotten"]
        self.kept = known["kept"]
        self.met: set[str] = set()

    def is_left_out(self, type: str) -> bool:
        """Whether resources of a type are not made."""
        if type in self.types:
            self.met.add(type)
        return type in self.types

    def unmet(self) -> set[str]:
        """Entries that nothing needed."""
        return {*self.types, *self.arguments, *self.forgotten, *self.groups, *self.kept} - self.met

    def applied(self, configuration: Configuration) -> Configuration:
        """The configuration within the limits."""
        for argument in self.arguments:
            type, _, name = argument.partition(".")
            for body in configuration.resources.get(type, {}).values():
                if body.pop(name, None) is not None:
                    self.met.add(argument)
        for argument in self.forgotten:
            type, _, name = argument.partition(".")
            for body in configuration.resources.get(type, {}).values():
                body.setdefault("lifecycle", {}).setdefault("ignore_changes", []).append(name)
                self.met.add(argument)
        for type, path in self.groups.items():
            self._stand_in(configuration, type, path)
        return configuration

    def left(self, listed: Iterable[str]) -> set[str]:
        """What is left after a destroy, of lines of an inventory, but for what moto keeps."""
        left: set[str] = set()
        for line in listed:
            service = line.split(" ", 2)[1]
            if service in self.kept:
                self.met.add(service)
            else:
                left.add(line)
        return left

    def _stand_in(self, configuration: Configuration, type: str, path: str) -> None:
        bodies: dict[str, Any] = configuration.resources.get(type, {})
        for label, body in list(bodies.items()):
            text = json.dumps(configuration.resources)
            stand_in = f"{type}_{label}"
            found, count = re.subn(re.escape(f"{type}.{label}.{path}"), f"aws_security_group.{stand_in}.id", text)
            if count:
                self.met.add(type)
                configuration.resources = json.loads(found)
                group = {"name": stand_in, "description": "Stands in", "provider": body["provider"]}
                configuration.resources.setdefault("aws_security_group", {})[stand_in] = group
