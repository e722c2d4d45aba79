"""Secrets that are declared here and filled elsewhere, and how workloads get them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..identity import current_region
from ..kubernetes import KubernetesObject
from ..labels import check_name, object_labels

if TYPE_CHECKING:
    from pulumi_aws.secretsmanager import Secret

_API: Final = "external-secrets.io/v1"
_COMPONENT: Final = "secret-store"
_PATH: Final = re.compile(r"[a-zA-Z0-9/_+=.@-]{1,256}")
"""Characters of a secret's name: Secrets Manager API Reference, CreateSecret."""

_INTERVAL: Final = re.compile(r"[1-9][0-9]*(s|m|h)")
_RECOVERY_DAYS: Final = (7, 30)


class StoredSecret(TypedDict):
    """A secret without its value."""

    description: str
    """What it is for, and who fills it."""

    namespaces: NotRequired[list[str]]
    """Namespaces that get a Kubernetes Secret of the same name, with one key for each key of the secret's JSON value.
    Default: none; programs read it from AWS."""

    recovery_window_days: NotRequired[int]
    """Days during which a deleted secret can be brought back, 7 to 30. Default: 30."""

    replica_regions: NotRequired[dict[str, pulumi.Input[str]]]
    """ARNs of keys for `secrets`, by the further regions that get a copy. Default: none."""


class SecretStoreArgs(TypedDict):
    """Inputs of `SecretStore`."""

    secrets: dict[str, StoredSecret]
    """Secrets by name."""

    encryption_key: pulumi.Input[str]
    """ARN of a key for `secrets`."""

    path: NotRequired[str]
    """Beginning of the names in Secrets Manager, such as `prod`. Default: the component's name."""

    cluster_store: NotRequired[bool]
    """Whether a ClusterSecretStore is made, in the cluster of the Kubernetes provider. Default: true where a secret
    has namespaces."""

    refresh_interval: NotRequired[str]
    """How often a cluster reads the secrets again, such as `30m`. Default: `1h`."""

    region: NotRequired[str]
    """Region of the secrets. Default: the provider's."""

    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the secrets. Default: true. To delete them, deploy with false first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretStorePlan:
    """A store with every default applied."""

    name: str
    path: str
    secrets: Mapping[str, StoredSecret]
    namespaces: tuple[str, ...]
    has_store: bool
    refresh_interval: str
    region: str | None
    protect: bool


def plan_secret_store(args: SecretStoreArgs, name: str) -> SecretStorePlan:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, SecretStoreArgs):
        problems.raise_if_any("SecretStore")
    check_name(problems, "name", name)
    path = args.get("path", name)
    if not _PATH.fullmatch(path) or path.startswith("/") or path.endswith("/"):
        problems.add("path", f"'{path}' is no path; give letters, digits and _+=.@- with inner /")
    if not args["secrets"]:
        problems.add("secrets", "none given; name those that workloads need")
    for key, secret in args["secrets"].items():
        with problems.under(f"secrets.{key}"):
            check_name(problems, "", key)
            days = int(secret.get("recovery_window_days", _RECOVERY_DAYS[1]))
            problems.between("recoveryWindowDays", days, *_RECOVERY_DAYS, unit="days")
            for index, namespace in enumerate(secret.get("namespaces", [])):
                check_name(problems, f"namespaces[{index}]", namespace)
    namespaces = {each for secret in args["secrets"].values() for each in secret.get("namespaces", [])}
    has_store = args.get("cluster_store", bool(namespaces))
    if namespaces and not has_store:
        problems.add("clusterStore", "is off, but secrets have namespaces, which read from it; leave one of them out")
    interval = args.get("refresh_interval", "1h")
    if not _INTERVAL.fullmatch(interval):
        problems.add("refreshInterval", f"'{interval}' is no duration; write it like 30m or 1h")
    if "refresh_interval" in args and not namespaces:
        problems.add("refreshInterval", "belongs to secrets with namespaces; leave it out")
    problems.raise_if_any("SecretStore")
    return SecretStorePlan(
        name=name,
        path=path,
        secrets=args["secrets"],
        namespaces=tuple(sorted(namespaces)),
        has_store=has_store,
        refresh_interval=interval,
        region=args.get("region"),
        protect=args.get("protect", True),
    )


class SecretStore(pulumi.ComponentResource):
    """Secrets of Secrets Manager, made without a value, and their way into a cluster by External Secrets.

    No value passes through Pulumi: it is put into Secrets Manager by whoever owns it, and External Secrets makes the
    Kubernetes Secret. So no value is in the program, in the state, or in a preview. External Secrets, its definitions
    and its identity are an add-on of the cluster, and come first.

    Example: `SecretStore("prod", {"encryption_key": key.key_arn, "secrets": {"hub-token": {"description": "Token of
    the model hub", "namespaces": ["serving"]}}})`
    """

    secret_arns: pulumi.Output[Mapping[str, str]]
    """ARNs of the secrets, by name."""

    store_name: pulumi.Output[str | None]
    """ClusterSecretStore from which the namespaces of the secrets read; none without one."""

    def __init__(self, name: str, args: SecretStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("SecretStore", name, partial(plan_secret_store, name=name), args)
        super().__init__("aidc:index:SecretStore", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        secrets = {key: _create_secret(plan, key, args["encryption_key"], child) for key in sorted(plan.secrets)}
        self.secret_arns = pulumi.Output.all(**{key: secret.arn for key, secret in secrets.items()})
        self.store_name = pulumi.Output.from_input(None)
        if plan.has_store:
            store = KubernetesObject(f"{name}-store", cluster_store(plan, plan.region or current_region(self)), child)
            self.store_name = store.object_name
            for key, secret in sorted(plan.secrets.items()):
                for namespace in sorted(set(secret.get("namespaces", []))):
                    KubernetesObject(
                        f"{name}-{namespace}-{key}",
                        external_secret(plan, key, namespace),
                        pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[store, secrets[key]])),
                    )
        self.register_outputs({"secret_arns": self.secret_arns, "store_name": self.store_name})


def cluster_store(plan: SecretStorePlan, region: pulumi.Input[str]) -> dict[str, Any]:
    """Return the store: it has no credentials of its own, so that the controller's identity decides."""
    spec: dict[str, Any] = {"provider": {"aws": {"service": "SecretsManager", "region": region}}}
    if plan.namespaces:
        spec["conditions"] = [{"namespaces": list(plan.namespaces)}]
    return {
        "apiVersion": _API,
        "kind": "ClusterSecretStore",
        "metadata": {"name": plan.name, "labels": object_labels(plan.name, _COMPONENT)},
        "spec": spec,
    }


def external_secret(plan: SecretStorePlan, key: str, namespace: str) -> dict[str, Any]:
    """Return what makes one Kubernetes Secret, with one key for each key of the secret's JSON value."""
    return {
        "apiVersion": _API,
        "kind": "ExternalSecret",
        "metadata": {"name": key, "namespace": namespace, "labels": object_labels(plan.name, _COMPONENT)},
        "spec": {
            "refreshInterval": plan.refresh_interval,
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": plan.name},
            # Retained: a secret that is gone from AWS by mistake does not stop running workloads.
            "target": {"name": key, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "dataFrom": [{"extract": {"key": f"{plan.path}/{key}"}}],
        },
    }


def _create_secret(
    plan: SecretStorePlan, key: str, encryption_key: pulumi.Input[str], child: pulumi.ResourceOptions
) -> "Secret":
    from pulumi_aws import secretsmanager

    secret = plan.secrets[key]
    return secretsmanager.Secret(
        f"{plan.name}-{key}",
        name=f"{plan.path}/{key}",
        description=secret["description"],
        kms_key_id=encryption_key,
        recovery_window_in_days=int(secret.get("recovery_window_days", _RECOVERY_DAYS[1])),
        replicas=[
            {"region": region, "kms_key_id": arn} for region, arn in sorted(secret.get("replica_regions", {}).items())
        ],
        region=plan.region,
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None)),
    )
