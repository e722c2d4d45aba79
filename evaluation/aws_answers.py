"""What AWS would answer: ids and ARNs of their proper form, the same for the same resource."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, cast

from .aws_forms import FORMS, Form

ACCOUNT: Final = "123456789012"
"""The account of AWS's own examples: it is nobody's."""

REGION: Final = "us-east-1"
"""The region where nothing says another."""

_PREFIX: Final = "aws:"
_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_DNS: Final = {"aws-cn": "amazonaws.com.cn"}
_FAMILIES: Final = {"network": "net", "gateway": "gwy"}
"""How the ARN of a load balancer says its type, where that is not `application`."""


def aws_answer(type: str, name: str, inputs: Mapping[str, Any], region: str = REGION) -> Mapping[str, Any] | None:
    """Outputs of an AWS resource: its id and ARN, the name that AWS or Pulumi would have given it, and what else.

    A resource's own `region` goes before the one that is given, which is its provider's.
    """
    if not type.startswith(_PREFIX):
        return None
    form = FORMS.get(type.removeprefix(_PREFIX), Form())
    values = _values(type, name, inputs, form, region)
    arn = form.arn or _usual_arn(type)
    values["arn"] = arn.format_map(values) if arn.startswith("{") else _ARN.format_map(values) + arn.format_map(values)
    if "id" not in values:
        values["id"] = form.id.format_map(values)
    outputs: dict[str, Any] = {"name": values["name"], "arn": values["arn"], "id": values["id"]}
    for key, value in form.outputs.items():
        outputs[key] = _filled(value, inputs.get(key), values)
    for key, source in form.repeated.items():
        others: Any = inputs.get(source)
        named = [str(each) for each in cast(list[Any], others)] if isinstance(others, list) else []
        outputs[key] += [
            _filled(item, None, _Values(values | {"name": each})) for each in named for item in form.outputs[key]
        ]
    return outputs


def aws_id(type: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The id that AWS would give: `vpc-` and seventeen digits, say, or the name."""
    answered = aws_answer(type, name, inputs) or {}
    return str(answered.get("id", name))


def aws_call(token: str, args: Mapping[str, Any], region: str = REGION) -> Mapping[str, Any] | None:
    """What a function of the AWS provider returns about the account itself."""
    asked = str(args.get("region") or region)
    partition = _partition(asked)
    answers: dict[str, dict[str, Any]] = {
        "aws:index/getCallerIdentity:getCallerIdentity": {
            "accountId": ACCOUNT,
            "arn": f"arn:{partition}:iam::{ACCOUNT}:root",
            "id": ACCOUNT,
            "userId": ACCOUNT,
        },
        "aws:ecr/getAuthorizationToken:getAuthorizationToken": {
            "id": asked,
            "authorizationToken": "QVdTOm5vbmU=",
            "expiresAt": "2026-01-01T00:00:00Z",
            "password": "none",
            "proxyEndpoint": f"https://{ACCOUNT}.dkr.ecr.{asked}.{_dns(partition)}",
            "userName": "AWS",
        },
        "aws:index/getRegion:getRegion": {"region": asked, "name": asked, "id": asked},
        "aws:index/getPartition:getPartition": {"partition": partition, "id": partition, "dnsSuffix": _dns(partition)},
    }
    return answers.get(token)


_ARN: Final = "arn:{partition}:"


class _Values(dict[str, str]):
    """What a form may name; an input that is not there is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _values(type: str, name: str, inputs: Mapping[str, Any], form: Form, region: str) -> _Values:
    """Return what the forms of a resource may name."""
    # A path has slashes at both ends: IAM User Guide, IAM identifiers.
    values = _Values({"path": "/"})
    values |= {key: value for key, value in inputs.items() if isinstance(value, str)}
    digits = sha256(f"{type}/{name}".encode()).hexdigest()
    own_region = values.get("region") or region
    partition = _partition(own_region)
    named = values.get(form.named_by) or name
    values |= {
        "name": named,
        "host": named.removeprefix("https://"),
        "family": _FAMILIES.get(values["loadBalancerType"], "app"),
        "region": own_region,
        "partition": partition,
        "dns": _dns(partition),
        "account": ACCOUNT,
        "uuid": "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:32])),
        **{f"hash{length}": digits[:length] for length in (6, 8, 17, 32)},
    }
    if "{arn}" not in form.id:
        values["id"] = form.id.format_map(values)
    return values


def _usual_arn(type: str) -> str:
    service, _, kind = type.removeprefix(_PREFIX).partition("/")
    return f"{service}:{{region}}:{{account}}:{kind.partition(':')[0]}/{{name}}"


def _filled(form: Any, given: Any, values: _Values) -> Any:
    """Fill in a form; what the program itself gave stays."""
    if isinstance(form, Mapping):
        known = cast(Mapping[str, Any], given if isinstance(given, Mapping) else {})
        inner = cast(Mapping[str, Any], form)
        return {**known, **{key: _filled(value, known.get(key), values) for key, value in inner.items()}}
    if given is not None:
        return given
    if isinstance(form, list):
        return [_filled(value, None, values) for value in cast(list[Any], form)]
    return form.format_map(values) if isinstance(form, str) else form


def _partition(region: str) -> str:
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def _dns(partition: str) -> str:
    return _DNS.get(partition, "amazonaws.com")
