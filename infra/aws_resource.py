"""AWS resources whose SDK module is too dear to import for what it is used for."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import pulumi

from ..problems import camel_case


class AwsResource(pulumi.CustomResource):
    """One resource of AWS, by its type token.

    The same type, and so the same URN, as the class of pulumi_aws. It is for modules like `wafv2`, whose 1.6 s to
    import (pulumi_aws 7.51, measured 2026-11 on 2 cores) are a third of a whole plan.
    """

    arn: pulumi.Output[str]
    """ARN; unknown before the deployment."""

    def __init__(
        self, type: str, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Take the inputs as pulumi_aws does, with snake_case keys at any depth; no map among them has keys of users.

        `type` is such as `aws:wafv2/webAcl:WebAcl`.
        """
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=_provider_version()), opts)
        super().__init__(type, name, {"arn": None, **_camel(inputs)}, options)


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {camel_case(key): _camel(item) for key, item in cast(Mapping[str, Any], value).items()}
    if isinstance(value, list):
        return [_camel(item) for item in cast(list[Any], value)]
    return value


@cache
def _provider_version() -> str:
    from importlib.metadata import version

    return version("pulumi-aws")
