"""Rules for EKS clusters and their nodes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource
from ...planning.values import mapping, mappings, number, section, text, texts
from ..versions import EKS_KUBERNETES_VERSIONS
from .rule import Level, ResourceRule, is_given

_CLUSTER: Final = ("aws:eks/cluster:Cluster",)
_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/*:EC2NodeClass"
_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_EVERYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})


def _logs(cluster: Resource) -> Iterator[str]:
    if isinstance(given := cluster.inputs.get("enabledClusterLogTypes", []), list):
        missing = [each for each in _LOGS if each not in given]
        if missing:
            yield f"no logs of {', '.join(missing)}"


def _endpoint(cluster: Resource) -> Mapping[str, Any]:
    return section(cluster.inputs, "vpcConfig")


def _is_public(cluster: Resource) -> bool:
    # EKS opens it where nothing is said.
    return _endpoint(cluster).get("endpointPublicAccess", True) is True


def _open_endpoint(cluster: Resource) -> Iterator[str]:
    given = _endpoint(cluster).get("publicAccessCidrs")
    addresses = texts(given) if is_given(given) else ["0.0.0.0/0"]
    opened = sorted(_EVERYBODY.intersection(addresses))
    if _is_public(cluster) and opened:
        yield f"its API answers {' and '.join(opened)}"


def _public_endpoint(cluster: Resource) -> Iterator[str]:
    if _is_public(cluster):
        yield "its API can be reached from outside the VPC"


def _secrets(cluster: Resource) -> Iterator[str]:
    encryption = cluster.inputs.get("encryptionConfig")
    if not is_given(encryption):
        yield "has no encryptionConfig"
    elif isinstance(encryption, Mapping) and "secrets" not in texts(
        section(cluster.inputs, "encryptionConfig").get("resources")
    ):
        yield "its encryptionConfig leaves out secrets"


def _version(cluster: Resource) -> Iterator[str]:
    version = text(cluster.inputs.get("version"))
    if not is_given(cluster.inputs.get("version")):
        yield "has no version, so that EKS chooses one"
    elif version and version not in EKS_KUBERNETES_VERSIONS:
        yield f"Kubernetes {version} is none of {', '.join(EKS_KUBERNETES_VERSIONS)}"


def _access(cluster: Resource) -> Iterator[str]:
    access = section(cluster.inputs, "accessConfig")
    mode = access.get("authenticationMode", "CONFIG_MAP")
    if isinstance(mode, str) and mode != "API":
        yield f"who may do what is in the ConfigMap aws-auth (authenticationMode {mode})"
    if access.get("bootstrapClusterCreatorAdminPermissions", True) is True:
        yield "whoever creates it stays its administrator"


def _remote_access(group: Resource) -> Iterator[str]:
    remote = mapping(group.inputs.get("remoteAccess"))
    if is_given(remote.get("ec2SshKey")) and not is_given(remote.get("sourceSecurityGroupIds")):
        yield "its nodes answer SSH from everywhere"


def _metadata(resource: Resource) -> Mapping[str, Any]:
    where = () if resource.type == _TEMPLATE else ("spec",)
    return section(resource.inputs, *where, "metadataOptions")


def _tokens(resource: Resource) -> Iterator[str]:
    # Karpenter asks for tokens where its class says nothing.
    default = "optional" if resource.type == _TEMPLATE else "required"
    tokens = _metadata(resource).get("httpTokens", default)
    if isinstance(tokens, str) and tokens != "required":
        yield f"the metadata service answers without a token (httpTokens {tokens})"


def _hops(resource: Resource) -> Iterator[str]:
    hops = number(_metadata(resource).get("httpPutResponseHopLimit", 1))
    if hops is not None and hops > 1:
        yield f"pods reach the metadata service of their node (hop limit {hops:.0f})"


def _volumes(resource: Resource) -> Iterator[str]:
    where = resource.inputs if resource.type == _TEMPLATE else section(resource.inputs, "spec")
    for device in mappings(where.get("blockDeviceMappings")):
        volume = mapping(device.get("ebs"))
        encrypted = volume.get("encrypted", False)
        if volume and str(encrypted).lower() == "false":
            yield f"volume {device.get('deviceName')} is not encrypted"


def _image(resource: Resource) -> Iterator[str]:
    for term in mappings(section(resource.inputs, "spec").get("amiSelectorTerms")):
        if text(term.get("alias")).endswith("@latest"):
            yield f"its image is {term['alias']}, which changes by itself"


def _rule(**fields: Any) -> ResourceRule:
    return ResourceRule(**fields)


EKS_RULES: Final = (
    _rule(
        name="eks-control-plane-logs",
        level=Level.MANDATORY,
        title="The control plane of a cluster writes all five kinds of logs.",
        way_out="give enabledClusterLogTypes all of api, audit, authenticator, controllerManager and scheduler",
        published=("CKV_AWS_37", "CIS EKS 2.1.1"),
        types=_CLUSTER,
        check=_logs,
    ),
    _rule(
        name="eks-endpoint-open",
        level=Level.MANDATORY,
        title="The API of a cluster does not answer everybody.",
        way_out="list the addresses of your people in vpcConfig.publicAccessCidrs, or close the public endpoint",
        published=("CKV_AWS_38", "CIS EKS 5.4.1"),
        types=_CLUSTER,
        check=_open_endpoint,
    ),
    _rule(
        name="eks-endpoint-public",
        level=Level.ADVISORY,
        title="The API of a cluster is reached from its VPC alone.",
        way_out="set vpcConfig.endpointPublicAccess to false and reach it by a private connection",
        published=("CKV_AWS_39", "CIS EKS 5.4.2"),
        types=_CLUSTER,
        check=_public_endpoint,
    ),
    _rule(
        name="eks-secrets-encrypted",
        level=Level.MANDATORY,
        title="Secrets of a cluster are encrypted by a key of one's own.",
        way_out="give encryptionConfig a key and the resource secrets",
        published=("CKV_AWS_58", "CIS EKS 5.3.1"),
        types=_CLUSTER,
        check=_secrets,
    ),
    _rule(
        name="eks-version",
        level=Level.MANDATORY,
        title="A cluster names a version of Kubernetes for which every add-on is pinned.",
        way_out="name one of the versions of infra/versions/eks.py",
        published=("CKV_AWS_339",),
        types=_CLUSTER,
        check=_version,
    ),
    _rule(
        name="eks-access-entries",
        level=Level.MANDATORY,
        title="Who may use a cluster is said by access entries, and its creator has no rights of its own.",
        way_out="set authenticationMode to API and bootstrapClusterCreatorAdminPermissions to false",
        published=("EKS Best Practices, Security: access entries", "CIS EKS 5.5.1"),
        types=_CLUSTER,
        check=_access,
    ),
    _rule(
        name="eks-nodes-ssh",
        level=Level.MANDATORY,
        title="Nodes of a managed group do not answer SSH from everywhere.",
        way_out="leave remoteAccess out and use Session Manager, or name sourceSecurityGroupIds",
        published=("CKV_AWS_100",),
        types=("aws:eks/nodeGroup:NodeGroup",),
        check=_remote_access,
    ),
    _rule(
        name="node-metadata-tokens",
        level=Level.MANDATORY,
        title="The metadata service of a node answers only with a token (IMDSv2).",
        way_out="set metadataOptions.httpTokens to required",
        published=("CKV_AWS_79",),
        types=(_TEMPLATE, _NODE_CLASS),
        check=_tokens,
    ),
    _rule(
        name="node-metadata-hops",
        level=Level.MANDATORY,
        title="Pods do not reach the metadata service of their node.",
        way_out="set metadataOptions.httpPutResponseHopLimit to 1 and give pods Pod Identity",
        published=("CKV_AWS_341",),
        types=(_TEMPLATE, _NODE_CLASS),
        check=_hops,
    ),
    _rule(
        name="node-volumes-encrypted",
        level=Level.MANDATORY,
        title="Volumes of nodes are encrypted.",
        way_out="set ebs.encrypted to true",
        published=("CKV_AWS_8",),
        types=(_TEMPLATE, _NODE_CLASS),
        check=_volumes,
    ),
    _rule(
        name="node-image-pinned",
        level=Level.MANDATORY,
        title="The machine image of nodes is pinned, so that nodes change when the program does.",
        way_out="name a version after the @ of the alias",
        published=("EKS Best Practices, Karpenter: pin AMIs",),
        types=(_NODE_CLASS,),
        check=_image,
    ),
)
"""Rules for EKS clusters and their nodes."""
