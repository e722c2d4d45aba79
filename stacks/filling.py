"""What a data center on AWS fills into the settings of its components: each knows its neighbours by that."""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, Required, cast, get_args, get_origin, is_typeddict

import pulumi

from ..components.compute import CpuNodePoolArgs, GpuNodePoolArgs
from ..components.inference import InferenceServiceArgs, MicroserviceArgs
from ..components.preprocessing import PreprocessingJobArgs
from ..components.storage import (
    DataRepository,
    S3Objects,
)
from ..components.training import TrainingJobArgs, TrainingProgram
from ..infra.addons import ClusterAddonsArgs
from ..infra.arguments import argument_hints
from ..infra.recovery import BackupSchedule, VeleroArgs
from ..infra.registry import WorkloadImageArgs
from ..infra.security import (
    KeyPurpose,
)
from .filling_rules import EVERYWHERE, OF_TYPE
from .surroundings import Surroundings

S3_SCHEME: Final = "s3://"
_EXTERNAL_SECRETS: Final = "external-secrets"

_NAMED: Final[Mapping[str, str]] = {
    "certificate_arn": "certificates",
    "certificate_arns": "certificates",
    "web_acl_arn": "web_firewalls",
}
"""Keys whose value may be the name of a component of a family, in the place of its ARN."""

_NAMED_OF_TYPE: Final[Mapping[type, Mapping[str, str]]] = {
    DataRepository: {"bucket": "object_stores"},
    WorkloadImageArgs: {"repository_url": "repositories"},
    S3Objects: {"bucket": "object_stores"},
    VeleroArgs: {"bucket": "object_stores"},
    BackupSchedule: {"copy_to": "vaults"},
}

_ADDRESSES: Final[Mapping[type, tuple[str, ...]]] = {
    InferenceServiceArgs: ("model",),
    MicroserviceArgs: ("model",),
    PreprocessingJobArgs: ("inputs", "output"),
    TrainingJobArgs: ("checkpoint_path",),
    TrainingProgram: ("export",),
}
"""Keys whose value may be an address such as `s3://models/chat`, where `models` is an object store's name."""


def is_filled(kind: type, key: str) -> bool:
    """Whether settings may leave out a key of `kind` that the component needs."""
    by_platform = kind in (GpuNodePoolArgs, CpuNodePoolArgs) and key == "provisioner"
    return by_platform or key in OF_TYPE.get(kind, {}) or key in EVERYWHERE


def filled(args: Mapping[str, Any], kind: type, surroundings: Surroundings) -> dict[str, Any]:
    """Return `args`, inputs of the TypedDict `kind`, with everything filled in that they leave open, at any depth.

    A subnet that is given by its zone becomes that zone's private subnet; a certificate, a firewall or a bucket that is
    given by its name becomes its ARN or real name.
    """
    return _filled_fields(args, kind, surroundings, {})


def _filled(value: Any, hint: Any, around: Surroundings, outer: Mapping[str, Any]) -> Any:
    if isinstance(value, pulumi.Output):
        return cast(Any, value)
    if is_typeddict(hint) and isinstance(value, Mapping):
        return _filled_fields(cast(Mapping[str, Any], value), hint, around, outer)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        return _filled(value, inner[0], around, outer)
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        items = cast(Mapping[str, Any], value)
        return {key: _filled(item, inner[1], around, outer) for key, item in items.items()}
    if origin is list and isinstance(value, list):
        return [_filled(item, inner[0], around, outer) for item in cast(list[Any], value)]
    return value


def _filled_fields(
    args: Mapping[str, Any], kind: type, around: Surroundings, outer: Mapping[str, Any]
) -> dict[str, Any]:
    hints = argument_hints(kind)
    rules = {**{key: rule for key, rule in EVERYWHERE.items() if key in hints}, **OF_TYPE.get(kind, {})}
    complete = dict(args)
    for key, rule in rules.items():
        value = rule(around, complete, outer) if key not in complete else None
        if value is not None:
            complete[key] = value
    zone = complete.get("subnet_id")
    if isinstance(zone, str) and zone in around.private_subnets:
        complete["subnet_id"] = around.private_subnets[zone]
    if kind is ClusterAddonsArgs:
        complete["addons"] = _with_secrets_key(complete["addons"], around)
    for key, family in {**_NAMED, **_NAMED_OF_TYPE.get(kind, {})}.items():
        if key in complete and key in hints:
            complete[key] = _by_name(complete[key], around.named.get(family, {}))
    for key in _ADDRESSES.get(kind, ()):
        if key in complete:
            complete[key] = _in_bucket(complete[key], around.named.get("object_stores", {}))
    return {
        key: _filled(value, hints[key], around, {**outer, **complete}) if key in hints else value
        for key, value in complete.items()
    }


def _with_secrets_key(addons: Mapping[str, Mapping[str, Any]], around: Surroundings) -> dict[str, Any]:
    """Let External Secrets decrypt what the environment's own key for secrets encrypts."""
    settings = addons.get(_EXTERNAL_SECRETS)
    key = around.keys.get(KeyPurpose.SECRETS.value)
    if settings is None or key is None or "encryption_keys" in settings:
        return dict(addons)
    return {**addons, _EXTERNAL_SECRETS: {**settings, "encryption_keys": [key]}}


def _by_name(value: Any, known: Mapping[str, pulumi.Input[str]]) -> Any:
    if isinstance(value, list):
        return [_by_name(item, known) for item in cast(list[Any], value)]
    return known.get(value, value) if isinstance(value, str) else value


def _in_bucket(address: Any, stores: Mapping[str, pulumi.Input[str]]) -> Any:
    """Return an address in the bucket of the object store that it names; one that names none stays as it is."""
    if isinstance(address, list):
        return [_in_bucket(item, stores) for item in cast(list[Any], address)]
    name, slash, path = str(address).removeprefix(S3_SCHEME).partition("/")
    if not isinstance(address, str) or not address.startswith(S3_SCHEME) or name not in stores:
        return address
    return pulumi.Output.concat(S3_SCHEME, stores[name], f"{slash}{path}")
