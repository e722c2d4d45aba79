"""What the AWS provider of Terraform knows: resource types, their arguments and blocks."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

SOURCE: Final = "registry.terraform.io/hashicorp/aws"

# Types whose name does not follow from Pulumi's token.
_NAMED: Final = {
    "aws:cfg/recorder:Recorder": "aws_config_configuration_recorder",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": "aws_ec2_instance_metadata_defaults",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "aws_iam_openid_connect_provider",
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": "aws_iam_role_policies_exclusive",
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:rds/instance:Instance": "aws_db_instance",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
}


@dataclass(frozen=True)
class Block:
    """The arguments of a resource, of a block in it, or of an object in an argument."""

    attributes: Mapping[str, Any]
    """By name: `type`, `required`, `optional`, `computed`."""

    blocks: Mapping[str, Mapping[str, Any]]
    """By name: `nesting_mode`, `block`."""

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> "Block":
        return cls(schema.get("attributes", {}), schema.get("block_types", {}))

    def block(self, name: str) -> "Block":
        return Block.of(self.blocks[name]["block"])

    def match(self, name: str) -> str | None:
        """What Pulumi calls `name`: the same but for underscores, the plural of a list, and what names a reference."""
        return next((self._by_letters[form] for form in _forms(name) if form in self._by_letters), None)

    def argument(self, name: str) -> str | None:
        """The argument or block that Pulumi calls `name`; None for what the provider alone decides."""
        own = self.match(name)
        return own if own in self.blocks or (own and self.is_settable(own)) else None

    def is_settable(self, name: str) -> bool:
        """Whether an attribute is an argument too."""
        attribute = self.attributes[name]
        return bool(attribute.get("optional") or attribute.get("required") or not attribute.get("computed"))

    @cached_property
    def _by_letters(self) -> Mapping[str, str]:
        return {_letters(name): name for name in (*self.attributes, *self.blocks)}


class Provider:
    """The schema of the AWS provider, as `terraform providers schema -json` prints it."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        own = schema["provider_schemas"][SOURCE]
        self._resources: Mapping[str, Any] = own["resource_schemas"]
        self._found: dict[str, Block] = {}
        settings = Block.of(own["provider"]["block"])
        self.services: list[str] = sorted(settings.block("endpoints").attributes)
        """Names of the services whose endpoints can be set."""

    @classmethod
    def read(cls, path: Path) -> "Provider":
        return cls(json.loads(path.read_bytes()))

    def type_of(self, token: str) -> str | None:
        """Terraform's type for Pulumi's token, such as `aws_vpc` for `aws:ec2/vpc:Vpc`."""
        if token in _NAMED:
            return _NAMED[token]
        module, _, kind = token.removeprefix("aws:").partition("/")
        kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.partition(":")[0]).lower()
        names = (f"aws_{module}_{kind}", f"aws_{kind}")
        return next((name for name in names if name in self._resources), None)

    def resource(self, type: str) -> Block:
        if type not in self._found:
            self._found[type] = Block.of(self._resources[type]["block"])
        return self._found[type]


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _forms(name: str) -> Iterator[str]:
    letters = _letters(name)
    yield letters
    yield letters + "s"
    if letters.endswith("ies"):
        yield letters[:-3] + "y"
    if letters.endswith("es"):
        yield letters[:-2]
    if letters.endswith("s"):
        yield letters[:-1]
    yield letters + "arn"
    yield letters + "id"
