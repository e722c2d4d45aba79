"""Settings of a whole account in a region that no single resource can undo."""

from functools import partial
from typing import NotRequired, TypedDict

import pulumi

from ...problems import Problems
from ..arguments import check_keys, planned, recorded
from ..labels import check_name


class AccountGuardsArgs(TypedDict):
    """Inputs of `AccountGuards`."""

    block_public_buckets: NotRequired[bool]
    """Whether no bucket of the account can be public, in any region. Default: true."""

    block_public_images: NotRequired[bool]
    """Whether no machine image and no snapshot of a volume can be shared with everybody. Default: true."""

    encrypt_volumes: NotRequired[bool]
    """Whether every new volume is encrypted. Default: true."""

    volume_key: NotRequired[pulumi.Input[str]]
    """ARN of the key for `volumes` of those who name none. Only with `encrypt_volumes`. Default: AWS's own key."""

    require_metadata_tokens: NotRequired[bool]
    """Whether new instances answer only requests with a token for their metadata and role (IMDSv2), one hop away.
    Default: true."""

    region: NotRequired[str]
    """Region that is guarded. Default: the provider's."""


def plan_account_guards(args: AccountGuardsArgs, name: str) -> AccountGuardsArgs:
    """Check the inputs and apply the defaults; `name` is the component's. Raises `InvalidInput`."""
    problems = Problems()
    if not check_keys(problems, args, AccountGuardsArgs):
        problems.raise_if_any("AccountGuards")
    check_name(problems, "name", name)
    plan: AccountGuardsArgs = {
        "block_public_buckets": True,
        "block_public_images": True,
        "encrypt_volumes": True,
        "require_metadata_tokens": True,
        **args,
    }
    if "volume_key" in args and not plan.get("encrypt_volumes"):
        problems.add("volumeKey", "belongs to encryptVolumes, which is off; leave it out")
    problems.raise_if_any("AccountGuards")
    return plan


class AccountGuards(pulumi.ComponentResource):
    """What nobody in the account can do by mistake: publish a bucket, an image or a snapshot, or write in plain.

    They hold for everything in the account, also what other programs make. One stack of an account declares them.

    Example: `AccountGuards("guards", {"volume_key": volumes.key_arn})`
    """

    guards: pulumi.Output[list[str]]
    """Names of the guards that are on."""

    def __init__(self, name: str, args: AccountGuardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plan = planned("AccountGuards", name, partial(plan_account_guards, name=name), args)
        super().__init__("aidc:index:AccountGuards", name, recorded(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        region = plan.get("region")
        from pulumi_aws import ebs, ec2, s3

        if plan.get("block_public_buckets"):
            s3.AccountPublicAccessBlock(
                name,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            )
        if plan.get("block_public_images"):
            ec2.ImageBlockPublicAccess(name, state="block-new-sharing", region=region, opts=child)
            ebs.SnapshotBlockPublicAccess(name, state="block-all-sharing", region=region, opts=child)
        if plan.get("encrypt_volumes"):
            ebs.EncryptionByDefault(name, enabled=True, region=region, opts=child)
        if "volume_key" in plan:
            ebs.DefaultKmsKey(name, key_arn=plan["volume_key"], region=region, opts=child)
        if plan.get("require_metadata_tokens"):
            ec2.InstanceMetadataDefaults(
                name,
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
                region=region,
                opts=child,
            )
        names = ("block_public_buckets", "block_public_images", "encrypt_volumes", "require_metadata_tokens")
        self.guards = pulumi.Output.from_input([each for each in names if plan.get(each)])
        self.register_outputs({"guards": self.guards})
