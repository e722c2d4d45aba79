"""The account that an environment would be deployed to: bounded questions, and answers that people understand."""

import os
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, cast

from ..problems import InvalidInput, Problem
from .failures import (
    AccountFailure,
    CredentialsUnusable,
    NothingThere,
    PermissionMissing,
    Unreachable,
)

_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 10
_ATTEMPTS: Final = 2
_PREFIXES: Final = {"service-quotas": "servicequotas"}
"""Services whose permissions begin otherwise than their names: Service Authorization Reference."""

_PERMISSIONS: Final = {("s3", "HeadBucket"): "s3:ListBucket"}
"""Operations whose permission is called otherwise."""

_DENIED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "Forbidden", "403"}
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_WRONG: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_HOMES: Final = {"cn-": "cn-north-1", "us-gov-": "us-gov-west-1"}
"""A region of each partition that is always enabled."""

_SHOWN: Final = 120
"""Characters of an answer that nobody understands."""

_SIGN_IN: Final = "sign in again (aws sso login, or new values of AWS_ACCESS_KEY_ID and its companions), then try again"


class Account:
    """An AWS account in one region, asked through boto3.

    Every question has a bound: a few seconds to connect and to answer, two attempts.
    """

    def __init__(self, region: str, *, profile: str = "", role_arn: str = "") -> None:
        """Use the credentials that the AWS provider would use.

        Args:
            region: Region; empty for that of the environment or of the profile.
            profile: Profile of the provider. Default: that of the environment.
            role_arn: Role that the provider assumes. Default: none.

        Raises:
            InvalidInput: boto3 is not installed.
            CredentialsUnusable: there is no such profile.
        """
        try:
            self._boto3: Any = import_module("boto3")
        except ImportError as error:
            reason = "boto3 is not installed; run: pip install 'aidc[aws]'"
            raise InvalidInput("aidc check", [Problem("", reason)]) from error
        self._exceptions: Any = import_module("botocore.exceptions")
        # What is not in the form of AWS has an error of its own; an endpoint that is no address is a ValueError.
        parsers: Any = import_module("botocore.parsers")
        unreadable: type[Exception] = parsers.ResponseParserError
        self._unreadable = (unreadable, ValueError)
        self._failures = (self._exceptions.BotoCoreError, self._exceptions.ClientError, *self._unreadable)
        self._role_arn = role_arn
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        try:
            self._session: Any = self._boto3.Session(profile_name=profile or None)
        except self._exceptions.BotoCoreError as error:
            raise self._told("sts", "GetCallerIdentity", error) from error
        self.region = region or os.environ.get("AWS_REGION", "") or str(self._session.region_name or "")

    @property
    def home(self) -> str:
        """A region that is enabled in every account of the partition, for questions about regions and identities."""
        return next((home for prefix, home in _HOMES.items() if self.region.startswith(prefix)), "us-east-1")

    def ask(self, service: str, operation: str, *, region: str = "", **given: Any) -> Mapping[str, Any]:
        """Call one operation, such as `ask("eks", "describe_cluster", name="prod")`; raises `AccountFailure`."""
        return self._answered(service, operation, lambda client: getattr(client, operation)(**given), region)

    def ask_all(self, service: str, operation: str, key: str, *, region: str = "", **given: Any) -> list[Any]:
        """Call one operation for all its pages, and return the items under `key`; raises `AccountFailure`."""

        def pages(client: Any) -> list[Any]:
            if not client.can_paginate(operation):
                return cast(list[Any], getattr(client, operation)(**given)[key])
            return [item for page in client.get_paginator(operation).paginate(**given) for item in page[key]]

        return self._answered(service, operation, pages, region)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _answered(self, service: str, operation: str, call: Callable[[Any], Any], region: str) -> Any:
        try:
            return call(self._client(service, region or self.region))
        except self._failures as error:
            raise self._told(service, operation.title().replace("_", ""), error) from error

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._signed_in().client(service, region_name=region, config=self._bounds())
            return self._clients[key]

    def _bounds(self) -> Any:
        config: Any = import_module("botocore.config")
        return config.Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        )

    def _signed_in(self) -> Any:
        """Return the session, as the role that the provider assumes."""
        if self._role_arn:
            client = self._session.client("sts", region_name=self.home, config=self._bounds())
            given = client.assume_role(RoleArn=self._role_arn, RoleSessionName="aidc-check")["Credentials"]
            self._session = self._boto3.Session(
                aws_access_key_id=given["AccessKeyId"],
                aws_secret_access_key=given["SecretAccessKey"],
                aws_session_token=given["SessionToken"],
            )
            self._role_arn = ""
        return self._session

    def _told(self, service: str, operation: str, error: Any) -> AccountFailure:
        """Turn an error of boto3 into one that says what happened and what to do."""
        if isinstance(error, self._exceptions.ClientError):
            return _refusal(service, error)
        names = {kind.__name__ for kind in type(error).__mro__}
        text = " ".join(str(error).split())
        if isinstance(error, self._unreadable) and not names & {"BotoCoreError"}:
            return Unreachable(f"what answers for {service} is not AWS: {text[:_SHOWN]}")
        if names & {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError"}:
            return Unreachable(f"{service} does not answer: {text}")
        if names & {"NoCredentialsError", "PartialCredentialsError"}:
            return CredentialsUnusable(f"there are none: {text}", "set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in")
        if "ProfileNotFound" in names:
            return CredentialsUnusable(text, "give AWS_PROFILE a profile of ~/.aws/config")
        if names & {"SSOError", "TokenRetrievalError", "CredentialRetrievalError", "LoginError"}:
            return CredentialsUnusable(text, _SIGN_IN)
        return AccountFailure(f"{service} {operation}: {text}")


def _refusal(service: str, error: Any) -> AccountFailure:
    answer: Mapping[str, Any] = error.response.get("Error", {})
    code, text = str(answer.get("Code", "")), " ".join(str(answer.get("Message", "")).split())
    operation = str(error.operation_name)
    service = "sts" if operation == "AssumeRole" else service
    if code in _EXPIRED:
        return CredentialsUnusable(f"they have expired ({code})", _SIGN_IN)
    if code in _DENIED:
        permission = _PERMISSIONS.get((service, operation), f"{_PREFIXES.get(service, service)}:{operation}")
        return PermissionMissing(permission)
    if code in _WRONG:
        return CredentialsUnusable(f"AWS does not take them ({code}: {text})", _SIGN_IN)
    if code == "404" or "NotFound" in code or code in ("NoSuchEntity", "NoSuchResourceException"):
        return NothingThere(f"{code}: {text}")
    return AccountFailure(f"{service} {operation}: {code}: {text}")
