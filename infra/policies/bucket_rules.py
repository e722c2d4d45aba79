"""Rules for buckets of S3, most of whose settings are resources of their own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource, ResourceGraph
from ...planning.values import mapping, mappings, section, text
from .companions import companions
from .policy_documents import principals, statements
from .rule import Level, StackRule, is_given

_BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

_Check = Callable[[ResourceGraph], Iterator[tuple[Resource, str]]]


def _buckets(graph: ResourceGraph) -> Iterator[Resource]:
    for type in _BUCKETS:
        yield from graph.of_type(type)


def _settings(graph: ResourceGraph, bucket: Resource, kind: str) -> list[Mapping[str, Any]]:
    """Return the inputs of what sets a bucket's `kind`, such as `Versioning`."""
    name = f"bucket{kind}"
    types = [f"aws:s3/{name}{suffix}:{name[:1].upper()}{name[1:]}{suffix}" for suffix in ("", "V2")]
    return [each.inputs for each in companions(graph, bucket, "bucket", *types)]


def _without(kind: str, message: str, is_met: Callable[[Mapping[str, Any]], bool], own: str = "") -> _Check:
    """Return a check of buckets that nothing of a kind, nor the field `own` of the bucket, sets as it must be."""

    def check(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
        for bucket in _buckets(graph):
            given = _settings(graph, bucket, kind)
            if own and is_given(bucket.inputs.get(own)):
                given.append(bucket.inputs)
            if not any(map(is_met, given)):
                yield bucket, message if not given else f"{message} by what is declared"

    return check


def _is_private(settings: Mapping[str, Any]) -> bool:
    return all(settings.get(key) is not False and is_given(settings.get(key)) for key in _BLOCKS)


def _is_encrypted(settings: Mapping[str, Any]) -> bool:
    rules = [*mappings(settings.get("rules"))]
    configuration = section(settings, "serverSideEncryptionConfiguration", "rule")
    found = [each for each in (*rules, configuration) if each]
    default = [mapping(each.get("applyServerSideEncryptionByDefault")) for each in found]
    return any(str(each.get("sseAlgorithm")).startswith("aws:kms") for each in default)


def _is_versioned(settings: Mapping[str, Any]) -> bool:
    configuration = mapping(settings.get("versioningConfiguration"))
    return configuration.get("status") == "Enabled" or mapping(settings.get("versioning")).get("enabled") is True


def _aborts_uploads(settings: Mapping[str, Any]) -> bool:
    rules = [*mappings(settings.get("rules")), *mappings(settings.get("lifecycleRules"))]
    return any(
        is_given(rule.get("abortIncompleteMultipartUpload") or rule.get("abortIncompleteMultipartUploadDays"))
        and (rule.get("status") == "Enabled" or rule.get("enabled") is True)
        for rule in rules
    )


def _refuses_plain(settings: Mapping[str, Any]) -> bool:
    document = settings.get("policy")
    if not isinstance(document, str):
        return is_given(document)
    return any(
        statement.get("Effect") == "Deny"
        and str(section(statement, "Condition", "Bool").get("aws:SecureTransport")).lower() == "false"
        for statement in statements(document)
    )


def _access_logs(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    # Logs of the bucket of logs would be logged in turn.
    yield from ((bucket, message) for bucket, message in _NO_LOGS(graph) if not _gets_logs(graph, bucket))


def _gets_logs(graph: ResourceGraph, bucket: Resource) -> bool:
    """Whether others log to a bucket: by itself, by what sets it up, or by its name."""
    parts = [each for each in graph if bucket.urn in each.property_dependencies.get("bucket", ())]
    urns = {bucket.urn, *(each.urn for each in parts)}
    names = {text(each.inputs.get("bucket")) for each in (bucket, *parts)} - {""}
    return any(
        urns.intersection(logging.property_dependencies.get("targetBucket", ()))
        or text(logging.inputs.get("targetBucket")) in names
        for logging in graph.of_type("aws:s3/bucketLogging:BucketLogging")
    )


def _public_policies(graph: ResourceGraph) -> Iterator[tuple[Resource, str]]:
    for policy in graph.of_type("aws:s3/bucketPolicy:BucketPolicy"):
        for statement in statements(policy.inputs.get("policy")):
            allowed = statement.get("Effect") == "Allow" and "*" in principals(statement)
            if allowed and not statement.get("Condition"):
                yield policy, f"statement {statement.get('Sid', '')} lets everybody in".replace("  ", " ")


_NO_LOGS: Final = _without("Logging", "nobody can tell who read it", lambda _: True, own="loggings")


def _rule(name: str, level: Level, title: str, way_out: str, published: tuple[str, ...], check: _Check) -> StackRule:
    return StackRule(
        name=name, level=level, title=title, way_out=way_out, published=published, types=_BUCKETS, check=check
    )


BUCKET_RULES: Final = (
    _rule(
        "bucket-private",
        Level.MANDATORY,
        "A bucket blocks public access by all four switches.",
        "declare a BucketPublicAccessBlock with all four set to true",
        ("CKV2_AWS_6", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
        _without("PublicAccessBlock", "public access is not blocked", _is_private),
    ),
    _rule(
        "bucket-encrypted",
        Level.MANDATORY,
        "A bucket encrypts by a key of KMS.",
        "declare a BucketServerSideEncryptionConfiguration with aws:kms",
        ("CKV_AWS_19", "CKV_AWS_145"),
        _without(
            "ServerSideEncryptionConfiguration",
            "no key of KMS encrypts it",
            _is_encrypted,
            own="serverSideEncryptionConfiguration",
        ),
    ),
    _rule(
        "bucket-versioned",
        Level.MANDATORY,
        "A bucket keeps what is written over or deleted.",
        "declare a BucketVersioning with the status Enabled",
        ("CKV_AWS_21",),
        _without("Versioning", "what is written over is lost", _is_versioned, own="versioning"),
    ),
    _rule(
        "bucket-uploads-end",
        Level.MANDATORY,
        "Uploads that were never completed are deleted: interrupted checkpoints leave them.",
        "declare a BucketLifecycleConfiguration with a rule that has abortIncompleteMultipartUpload",
        ("CKV2_AWS_61", "CKV_AWS_300"),
        _without("LifecycleConfiguration", "parts of uploads stay for ever", _aborts_uploads, own="lifecycleRules"),
    ),
    _rule(
        "bucket-tls",
        Level.MANDATORY,
        "A bucket refuses connections without TLS.",
        "declare a BucketPolicy that denies s3:* where aws:SecureTransport is false",
        ("S3 security best practices: enforce TLS", "CIS AWS 2.1.1"),
        _without("Policy", "plain connections are answered", _refuses_plain),
    ),
    _rule(
        "bucket-public-policy",
        Level.MANDATORY,
        "No policy of a bucket lets everybody in.",
        "name the principals, or bound them by a condition",
        ("CKV_AWS_70",),
        _public_policies,
    ),
    _rule(
        "bucket-access-logs",
        Level.ADVISORY,
        "Who reads a bucket is logged.",
        "declare a BucketLogging to a bucket for logs",
        ("CKV_AWS_18",),
        _access_logs,
    ),
)
"""Rules for buckets of S3."""
