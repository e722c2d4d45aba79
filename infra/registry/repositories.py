"""Repositories, and the templates of those that ECR makes of its own accord."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pulumi

from ..identity import policy_document
from .registry_plan import ContainerRegistryPlan, RegistryScanning, RepositorySettings
from .registry_policy import create_template_role, pull_statements
from .upstream import upstream_host

if TYPE_CHECKING:
    from pulumi_aws.ecr import PullThroughCacheRule, Repository

_CACHED_DAYS: Final = 90
"""Days after which a cached image is deleted; the next pull brings it back."""


def create_repositories(
    plan: ContainerRegistryPlan, region: pulumi.Output[str], child: pulumi.ResourceOptions
) -> dict[str, "Repository"]:
    """Make the repositories with their rules; return them by name."""
    from pulumi_aws import ecr

    keep = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=plan.protect or None))
    made: dict[str, Repository] = {}
    for key, settings in sorted(plan.repositories.items()):
        made[key] = ecr.Repository(
            f"{plan.name}-{key}",
            name=f"{plan.prefix}/{key}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": plan.encryption_key}],
            force_delete=False,
            region=plan.region,
            opts=keep,
        )
        ecr.LifecyclePolicy(
            f"{plan.name}-{key}",
            repository=made[key].name,
            policy=json.dumps(lifecycle_policy(settings), sort_keys=True),
            region=plan.region,
            opts=child,
        )
        accounts = settings.get("pull_accounts", [])
        if accounts:
            ecr.RepositoryPolicy(
                f"{plan.name}-{key}",
                repository=made[key].name,
                policy=region.apply(
                    lambda known, accounts=accounts: policy_document(pull_statements(accounts, region=known))
                ),
                region=plan.region,
                opts=child,
            )
    return made


def create_caches(
    plan: ContainerRegistryPlan, region: pulumi.Output[str], parent: pulumi.Resource
) -> dict[str, "PullThroughCacheRule"]:
    """Make the rules of the caches and of the copies in other regions, with templates; return the caches by name."""
    from pulumi_aws import ecr

    if not plan.caches and not plan.replicas:
        return {}
    child = pulumi.ResourceOptions(parent=parent)
    role = create_template_role(
        plan.name,
        prefixes=[*plan.caches, *([plan.prefix] if plan.replicas else [])],
        keys=[
            *([plan.encryption_key] if plan.caches else []),
            *(plan.replicas[each] for each in sorted(plan.replicas)),
        ],
        region=region,
        permissions_boundary=plan.permissions_boundary,
        parent=parent,
    )
    made: dict[str, PullThroughCacheRule] = {}
    for key, cache in sorted(plan.caches.items()):
        template = ecr.RepositoryCreationTemplate(
            f"{plan.name}-{key}",
            prefix=key,
            description=f"Images of {cache['registry']}",
            applied_fors=["PULL_THROUGH_CACHE"],
            # The tags of others move, and a cache follows them.
            image_tag_mutability="MUTABLE",
            custom_role_arn=role.arn,
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": plan.encryption_key}],
            lifecycle_policy=json.dumps(_cached_policy(), sort_keys=True),
            region=plan.region,
            opts=child,
        )
        made[key] = ecr.PullThroughCacheRule(
            f"{plan.name}-{key}",
            ecr_repository_prefix=key,
            upstream_registry_url=upstream_host(cache),
            credential_arn=cache.get("credentials_secret"),
            region=plan.region,
            opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[template])),
        )
    templates = [
        ecr.RepositoryCreationTemplate(
            f"{plan.name}-{other}",
            prefix=plan.prefix,
            description=f"Copies of the images of {plan.name}",
            applied_fors=["REPLICATION"],
            image_tag_mutability="IMMUTABLE",
            custom_role_arn=role.arn,
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key}],
            lifecycle_policy=json.dumps(lifecycle_policy({}), sort_keys=True),
            region=other,
            opts=child,
        )
        for other, key in sorted(plan.replicas.items())
    ]
    if plan.replicas:
        _create_replication(plan, parent, templates)
    return made


def create_scanning(plan: ContainerRegistryPlan, child: pulumi.ResourceOptions) -> None:
    """Set how the whole registry is scanned, where the plan says so."""
    if plan.scanning is None:
        return
    from pulumi_aws import ecr

    is_continuous = plan.scanning is RegistryScanning.CONTINUOUS
    ecr.RegistryScanningConfiguration(
        plan.name,
        scan_type="ENHANCED" if is_continuous else "BASIC",
        rules=[
            {
                "scan_frequency": "CONTINUOUS_SCAN" if is_continuous else "SCAN_ON_PUSH",
                "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
            }
        ],
        region=plan.region,
        opts=child,
    )


def lifecycle_policy(settings: RepositorySettings) -> dict[str, Any]:
    """Return what ECR deletes: images without a tag, and the oldest ones beyond a number."""
    untagged = int(settings.get("untagged_days", 14))
    kept = int(settings.get("keep_images", 200))
    return {
        "rules": [
            _expiry(1, f"Without a tag for {untagged} days", _days("untagged", untagged)),
            _expiry(
                2,
                f"All but the newest {kept}",
                {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": kept},
            ),
        ]
    }


def _cached_policy() -> dict[str, Any]:
    return {"rules": [_expiry(1, f"Pulled more than {_CACHED_DAYS} days ago", _days("any", _CACHED_DAYS))]}


def _expiry(priority: int, description: str, selection: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": {"type": "expire"},
    }


def _days(status: str, days: int) -> dict[str, Any]:
    return {"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}


def _create_replication(plan: ContainerRegistryPlan, parent: pulumi.Resource, after: list[Any]) -> None:
    from pulumi_aws import ecr

    from ..identity import current_account

    account = current_account(parent)
    ecr.ReplicationConfiguration(
        plan.name,
        replication_configuration={
            "rules": [
                {
                    "destinations": [{"region": other, "registry_id": account} for other in sorted(plan.replicas)],
                    "repository_filters": [{"filter": f"{plan.prefix}/", "filter_type": "PREFIX_MATCH"}],
                }
            ]
        },
        region=plan.region,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
    )
