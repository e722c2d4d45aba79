"""Rules for file systems, keys, logs and registries of images."""

from collections.abc import Iterator
from typing import Final

from ...evaluation.graph import Resource
from ...planning.values import mapping, mappings, section
from .policy_documents import principals, statements
from .rule import Level, ResourceRule, is_given

_LUSTRE: Final = "aws:fsx/lustreFileSystem:LustreFileSystem"
_SCRATCH: Final = ("SCRATCH_1", "SCRATCH_2")


def _file_system(resource: Resource) -> Iterator[str]:
    if not is_given(resource.inputs.get("encrypted")) or resource.inputs.get("encrypted") is False:
        yield "is not encrypted"
    elif not is_given(resource.inputs.get("kmsKeyId")):
        yield "is encrypted by a key of AWS"


def _access_point(resource: Resource) -> Iterator[str]:
    root = section(resource.inputs, "rootDirectory").get("path")
    if not is_given(root) or root == "/":
        yield "begins at the root of the file system"
    if not is_given(mapping(resource.inputs.get("posixUser")).get("uid")):
        yield "takes users as the client says them"


def _own_key(resource: Resource) -> Iterator[str]:
    # Scratch file systems take no key: FSx encrypts them by one of its own.
    is_scratch = resource.type == _LUSTRE and resource.inputs.get("deploymentType") in _SCRATCH
    if not is_scratch and not is_given(resource.inputs.get("kmsKeyId")):
        yield "is encrypted by a key of AWS"


def _key(resource: Resource) -> Iterator[str]:
    inputs = resource.inputs
    is_symmetric = inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if is_symmetric and (inputs.get("enableKeyRotation") is False or not is_given(inputs.get("enableKeyRotation"))):
        yield "is never rotated"
    if inputs.get("isEnabled") is False:
        yield "is off, so what it encrypted cannot be read"
    for statement in statements(inputs.get("policy")):
        if statement.get("Effect") == "Allow" and "*" in principals(statement) and not statement.get("Condition"):
            yield f"statement {statement.get('Sid', 'without a name')} lets everybody use it"


def _log_group(resource: Resource) -> Iterator[str]:
    if not is_given(resource.inputs.get("kmsKeyId")):
        yield "no key of one's own encrypts it"
    if not is_given(resource.inputs.get("retentionInDays")):
        yield "is kept, and paid for, for ever"


def _repository(resource: Resource) -> Iterator[str]:
    inputs = resource.inputs
    mutability = inputs.get("imageTagMutability", "MUTABLE")
    if isinstance(mutability, str) and not mutability.startswith("IMMUTABLE"):
        yield "a tag may come to mean another image"
    if mapping(inputs.get("imageScanningConfiguration")).get("scanOnPush") is not True:
        yield "images are not scanned when they come"
    encryption = [*mappings(inputs.get("encryptionConfigurations"))]
    if not any(each.get("encryptionType") in ("KMS", "KMS_DSSE") for each in encryption):
        yield "no key of KMS encrypts it"


DATA_RULES: Final = (
    ResourceRule(
        name="efs-encrypted",
        level=Level.MANDATORY,
        title="A file system of EFS is encrypted by a key of one's own.",
        way_out="set encrypted to true and give kmsKeyId",
        published=("CKV_AWS_42", "CKV_AWS_184"),
        types=("aws:efs/fileSystem:FileSystem",),
        check=_file_system,
    ),
    ResourceRule(
        name="efs-access-point",
        level=Level.MANDATORY,
        title="An access point of EFS decides the folder and the user.",
        way_out="give rootDirectory.path below the root, and posixUser",
        published=("CKV_AWS_329", "CKV_AWS_330"),
        types=("aws:efs/accessPoint:AccessPoint",),
        check=_access_point,
    ),
    ResourceRule(
        name="fsx-encrypted",
        level=Level.MANDATORY,
        title="A file system of FSx is encrypted by a key of one's own.",
        way_out="give kmsKeyId",
        published=("CKV_AWS_190", "CKV_AWS_203"),
        types=(_LUSTRE, "aws:fsx/openZfsFileSystem:OpenZfsFileSystem"),
        check=_own_key,
    ),
    ResourceRule(
        name="kms-key",
        level=Level.MANDATORY,
        title="A key of KMS is rotated, on, and for named users.",
        way_out="set enableKeyRotation to true, leave isEnabled on, and name principals in its policy",
        published=("CKV_AWS_7", "CKV_AWS_33", "CKV_AWS_227"),
        types=("aws:kms/key:Key",),
        check=_key,
    ),
    ResourceRule(
        name="log-group-encrypted",
        level=Level.MANDATORY,
        title="A log group is encrypted by a key of one's own and ends.",
        way_out="give kmsKeyId and retentionInDays",
        published=("CKV_AWS_158", "CKV_AWS_66"),
        types=("aws:cloudwatch/logGroup:LogGroup",),
        check=_log_group,
    ),
    ResourceRule(
        name="ecr-repository",
        level=Level.MANDATORY,
        title="A repository of images has fixed tags, scans what comes, and is encrypted.",
        way_out="set imageTagMutability to IMMUTABLE, scanOnPush to true and encryptionType to KMS",
        published=("CKV_AWS_51", "CKV_AWS_163", "CKV_AWS_136", "CIS EKS 5.1.1"),
        types=("aws:ecr/repository:Repository",),
        check=_repository,
    ),
)
"""Rules for file systems, keys, logs and registries."""
