"""Rules for what identities may do, in AWS and in the cluster."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...evaluation.graph import Resource
from ...planning.values import mapping, mappings
from .policy_documents import listed, principals, statements
from .rule import Level, ResourceRule

_POLICIES: Final = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)
_ROLE: Final = "aws:iam/role:Role"
_CLUSTER_ROLES: Final = (
    "kubernetes:rbac.authorization.k8s.io/*:Role",
    "kubernetes:rbac.authorization.k8s.io/*:ClusterRole",
)
_BINDINGS: Final = (
    "kubernetes:rbac.authorization.k8s.io/*:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/*:ClusterRoleBinding",
)
_ESCALATION: Final = frozenset({"escalate", "bind", "impersonate"})
_WRITES: Final = frozenset({"create", "update", "patch", "*"})
_READS: Final = frozenset({"get", "list", "watch", "*"})
_GUARDS: Final = frozenset(
    {"mutatingwebhookconfigurations", "validatingwebhookconfigurations", "certificatesigningrequests/approval"}
)


def _allowed(document: object) -> Iterator[Mapping[str, Any]]:
    return (each for each in statements(document) if each.get("Effect") == "Allow")


def _name(statement: Mapping[str, Any]) -> str:
    return f"statement {statement['Sid']}" if statement.get("Sid") else "a statement"


def _all_actions(resource: Resource) -> Iterator[str]:
    for statement in _allowed(resource.inputs.get("policy")):
        if "*" in listed(statement.get("Action")) or "*:*" in listed(statement.get("Action")):
            yield f"{_name(statement)} allows every action"


def _whole_services(resource: Resource) -> Iterator[str]:
    for statement in _allowed(resource.inputs.get("policy")):
        services = [each for each in listed(statement.get("Action")) if each.endswith(":*") and each != "*:*"]
        if services and "*" in listed(statement.get("Resource")) and not statement.get("Condition"):
            yield f"{_name(statement)} allows {', '.join(services)} on everything"


def _trust(resource: Resource) -> Iterator[str]:
    for statement in _allowed(resource.inputs.get("assumeRolePolicy")):
        found = principals(statement)
        if "*" in found and not statement.get("Condition"):
            yield f"{_name(statement)} lets everybody take it on"
        elif any(each in ("*.amazonaws.com", "*") for each in found if each != "*"):
            yield f"{_name(statement)} lets every service take it on"


def _rules(resource: Resource) -> Iterator[Mapping[str, Any]]:
    return iter([*mappings(resource.inputs.get("rules"))])


def _wildcards(resource: Resource) -> Iterator[str]:
    for rule in _rules(resource):
        for key in ("verbs", "resources", "nonResourceURLs"):
            if "*" in listed(rule.get(key)):
                yield f"has * for {key}"


def _escalation(resource: Resource) -> Iterator[str]:
    for rule in _rules(resource):
        verbs, kinds = set(listed(rule.get("verbs"))), set(listed(rule.get("resources")))
        if verbs & _ESCALATION:
            yield f"may {' and '.join(sorted(verbs & _ESCALATION))}, and so give itself rights that it has not"
        if verbs & _WRITES and kinds & _GUARDS:
            yield f"may change {', '.join(sorted(kinds & _GUARDS))}"
        if "secrets" in kinds and verbs & _READS and not listed(rule.get("resourceNames")):
            yield "may read all Secrets"
        if "nodes/proxy" in kinds:
            yield "may run anything in every pod by nodes/proxy"


def _administrators(resource: Resource) -> Iterator[str]:
    if mapping(resource.inputs.get("roleRef")).get("name") == "cluster-admin":
        yield "makes somebody cluster-admin"
    for subject in mappings(resource.inputs.get("subjects")):
        if subject.get("name") in ("system:anonymous", "system:unauthenticated", "system:authenticated"):
            yield f"is for {subject['name']}"
        if subject.get("kind") == "ServiceAccount" and subject.get("name") == "default":
            yield "gives rights to the service account that every pod without one gets"


IDENTITY_RULES: Final = (
    ResourceRule(
        name="iam-all-actions",
        level=Level.MANDATORY,
        title="No policy allows every action.",
        way_out="list the actions that are needed",
        published=("CKV_AWS_62", "CKV_AWS_63"),
        types=_POLICIES,
        check=_all_actions,
    ),
    ResourceRule(
        name="iam-whole-services",
        level=Level.MANDATORY,
        title="No policy allows all actions of a service on all its resources.",
        way_out="list the actions, name the resources, or bound both by a condition",
        published=("CKV_AWS_355", "CKV_AWS_286", "CKV_AWS_289", "CKV_AWS_290"),
        types=_POLICIES,
        check=_whole_services,
    ),
    ResourceRule(
        name="iam-role-trust",
        level=Level.MANDATORY,
        title="A role is for named accounts, identities or services.",
        way_out="name who takes it on in assumeRolePolicy",
        published=("CKV_AWS_60", "CKV_AWS_61"),
        types=(_ROLE,),
        check=_trust,
    ),
    ResourceRule(
        name="rbac-wildcard",
        level=Level.MANDATORY,
        title="A role of the cluster names verbs and resources.",
        way_out="list what is needed",
        published=("CKV_K8S_49", "CIS EKS 4.1.3"),
        types=_CLUSTER_ROLES,
        check=_wildcards,
    ),
    ResourceRule(
        name="rbac-escalation",
        level=Level.MANDATORY,
        title="A role of the cluster does not let its holder become more than it is.",
        way_out="leave the verb or the resource out, or name the Secrets in resourceNames",
        published=("CKV_K8S_155", "CKV_K8S_156", "CKV_K8S_157", "CKV_K8S_158", "CIS EKS 4.1.2", "CIS EKS 4.1.8"),
        types=_CLUSTER_ROLES,
        check=_escalation,
    ),
    ResourceRule(
        name="rbac-administrators",
        level=Level.MANDATORY,
        title="Nobody is bound to cluster-admin, and no binding is for everybody.",
        way_out="bind a role with the rights that are needed to a service account of its own",
        published=("CKV_K8S_42", "CIS EKS 4.1.1", "CIS EKS 4.1.5"),
        types=_BINDINGS,
        check=_administrators,
    ),
)
"""Rules for what identities may do."""
