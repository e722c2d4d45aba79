"""What can go wrong while an account is asked."""


class AccountFailure(Exception):
    """A question was not answered."""

    way_out = ""
    """What a person can do."""


class PermissionMissing(AccountFailure):
    """The credentials are good, but may not ask this."""

    def __init__(self, permission: str) -> None:
        """Name the permission, such as `ec2:DescribeSubnets`."""
        super().__init__(f"no permission: {permission}")
        self.permission = permission
        self.way_out = f"allow {permission}, or leave it: the rest is checked"


class CredentialsUnusable(AccountFailure):
    """There are no credentials, or AWS does not take them."""

    def __init__(self, reason: str, way_out: str) -> None:
        """Say why, and what to do."""
        super().__init__(reason)
        self.way_out = way_out


class Unreachable(AccountFailure):
    """Nobody answers."""

    way_out = "check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, then try again"


class NothingThere(AccountFailure):
    """What was asked for does not exist."""
