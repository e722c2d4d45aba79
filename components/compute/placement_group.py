"""A placement group: nodes close together in one zone."""

import pulumi


def create_placement_group(name: str, shown: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make a placement group that keeps its instances close together; return its name in EC2.

    Args:
        name: logical name.
        shown: its `Name` tag.
        opts: options of the resource.
    """
    from pulumi_aws import ec2

    return ec2.PlacementGroup(name, strategy="cluster", tags={"Name": shown}, opts=opts).name
