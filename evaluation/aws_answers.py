"""What AWS would answer: ids and ARNs of their proper form, the same for the same resource."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

ACCOUNT: Final = "123456789012"
"""The account of AWS's own examples: it is nobody's."""

REGION: Final = "us-east-1"
"""The region where nothing says another."""

_PREFIX: Final = "aws:"
_ID_PREFIXES: Final = {
    "ec2/eip:Eip": "eipalloc",
    "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "eigw",
    "ec2/flowLog:FlowLog": "fl",
    "ec2/internetGateway:InternetGateway": "igw",
    "ec2/launchTemplate:LaunchTemplate": "lt",
    "ec2/natGateway:NatGateway": "nat",
    "ec2/routeTable:RouteTable": "rtb",
    "ec2/securityGroup:SecurityGroup": "sg",
    "ec2/subnet:Subnet": "subnet",
    "ec2/vpc:Vpc": "vpc",
    "ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "efs/accessPoint:AccessPoint": "fsap",
    "efs/fileSystem:FileSystem": "fs",
    "fsx/lustreFileSystem:LustreFileSystem": "fs",
}


def aws_answer(type: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Outputs of an AWS resource: its ARN, and the name that AWS or Pulumi would have given it."""
    if not type.startswith(_PREFIX):
        return None
    service, _, kind = type.removeprefix(_PREFIX).partition("/")
    called = inputs.get("name", name)
    kind = kind.partition(":")[0]
    return {"name": called, "arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}/{called}"}


def aws_id(type: str, name: str) -> str:
    """The id that AWS would give: `vpc-` and seventeen digits, say, or the name."""
    prefix = _ID_PREFIXES.get(type.removeprefix(_PREFIX))
    return f"{prefix}-{sha256(f'{type}/{name}'.encode()).hexdigest()[:17]}" if prefix else name


def aws_call(token: str, args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a function of the AWS provider returns about the account itself."""
    answers: dict[str, dict[str, Any]] = {
        "aws:index/getCallerIdentity:getCallerIdentity": {
            "accountId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "id": ACCOUNT,
            "userId": ACCOUNT,
        },
        "aws:index/getRegion:getRegion": {"region": REGION, "name": REGION, "id": REGION},
        "aws:index/getPartition:getPartition": {"partition": "aws", "id": "aws", "dnsSuffix": "amazonaws.com"},
    }
    return answers.get(token)
