"""For each rule, programs that keep it and programs that break it. Data only: each program is a list of resources."""

import json
from copy import deepcopy
from typing import Any

from aidc.evaluation.graph import UNKNOWN, Resource

_PREFIX = "urn:pulumi:test::fixtures::"
_VPC_TYPE = "aws:ec2/vpc:Vpc"


def resource(type: str, name: str = "it", refers: dict[str, Any] | None = None, /, **inputs: Any) -> Resource:
    """Return a resource; `refers` gives for inputs the resource that they come from."""
    needed = {key: (other.urn,) for key, other in (refers or {}).items()}
    return Resource(urn=f"{_PREFIX}{type}::{name}", type=type, name=name, inputs=inputs, property_dependencies=needed)


def kubernetes(api_version: str, kind: str, name: str = "it", namespace: str = "ai", **rest: Any) -> Resource:
    """Return an object of Kubernetes."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, **rest.pop("metadata", {})}
    group = api_version if "/" in api_version else f"core/{api_version}"
    type = f"kubernetes:{group}:{kind}"
    return resource(type, name, apiVersion=api_version, kind=kind, metadata=metadata, **rest)


_OF_ALB = {"ingressClassName": "alb"}
_LABELS = {"app": "it"}
_CONTAINER = {
    "name": "server",
    "image": "registry.example/server:1.4.2@sha256:" + "0" * 64,
    "ports": [{"containerPort": 8000}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8000}},
    "livenessProbe": {"httpGet": {"path": "/alive", "port": 8000}},
    "startupProbe": {"httpGet": {"path": "/ready", "port": 8000}},
    "resources": {
        "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"},
        "limits": {"memory": "16Gi", "nvidia.com/gpu": 1},
    },
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
}
_POD = {
    "serviceAccountName": "workload",
    "automountServiceAccountToken": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone"}],
    "containers": [_CONTAINER],
}
_REMOVED = object()


def node_class(**spec: Any) -> Resource:
    """Return a node class of Karpenter."""
    return kubernetes("karpenter.k8s.aws/v1", "EC2NodeClass", "own", spec=spec)


def storage(provisioner: str) -> Resource:
    """Return a class of storage."""
    return kubernetes("storage.k8s.io/v1", "StorageClass", provisioner=provisioner)


def volume(driver: str) -> Resource:
    """Return a volume of a CSI driver."""
    return kubernetes("v1", "PersistentVolume", spec={"csi": {"driver": driver}})


def balanced(balancer: str) -> Resource:
    """Return a Service of a class of load balancers."""
    return kubernetes("v1", "Service", spec={"type": "LoadBalancer", "loadBalancerClass": balancer})


def with_device(device: str) -> Resource:
    """Return a pod that asks for a device."""
    container = {**_CONTAINER, "resources": {"limits": {device: 1}}}
    return kubernetes("v1", "Pod", "devices", spec={"containers": [container]})


def changed(value: Any, changes: dict[str, Any]) -> Any:
    """Return a copy with values put in by their dotted paths; `_REMOVED` takes one out."""
    made = deepcopy(value)
    for path, new in changes.items():
        *way, last = path.split(".")
        place = made
        for key in way:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if new is _REMOVED:
            del place[last]
        else:
            place[last] = new
    return made


def template(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a pod that keeps every rule, with changes by dotted path."""
    annotations = {"karpenter.sh/do-not-disrupt": "true"}
    whole = {"metadata": {"labels": dict(_LABELS), "annotations": annotations}, "spec": _POD}
    return changed(whole, changes or {})


def named_twice(*metadata: dict[str, Any]) -> list[Resource]:
    """Return ConfigMaps of several resources."""
    return [resource("kubernetes:core/v1:ConfigMap", f"c{n}", metadata=each) for n, each in enumerate(metadata)]


def server(changes: dict[str, Any] | None = None, namespace: str = "ai", **spec: Any) -> Resource:
    """Return a Deployment."""
    return kubernetes("apps/v1", "Deployment", namespace=namespace, spec={"template": template(changes), **spec})


def job(changes: dict[str, Any] | None = None, **spec: Any) -> Resource:
    """Return a Job that is deleted when it has ended."""
    given = {"ttlSecondsAfterFinished": 3600, **spec}
    return kubernetes("batch/v1", "Job", spec={"template": template(changes), **given})


def job_set(changes: dict[str, Any] | None = None, **spec: Any) -> Resource:
    """Return a JobSet of one job."""
    jobs = [{"name": "worker", "template": {"spec": {"template": template(changes)}}}]
    return kubernetes("jobset.x-k8s.io/v1alpha2", "JobSet", spec={"replicatedJobs": jobs, **spec})


def ray_job(changes: dict[str, Any] | None = None, **spec: Any) -> Resource:
    """Return a RayJob whose workers change."""
    cluster = {
        "headGroupSpec": {"template": template()},
        "workerGroupSpecs": [{"groupName": "workers", "template": template(changes)}],
    }
    return kubernetes("ray.io/v1", "RayJob", spec={"rayClusterSpec": cluster, **spec})


def policy(*allowed: dict[str, Any], effect: str = "Allow") -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **each} for each in allowed]})


CLUSTER: dict[str, Any] = {
    "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "vpcConfig": {"endpointPublicAccess": False},
    "encryptionConfig": {"provider": {"keyArn": "arn"}, "resources": ["secrets"]},
    "version": "1.36",
    "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
}


def cluster(changes: dict[str, Any] | None = None) -> Resource:
    return resource("aws:eks/cluster:Cluster", **changed(CLUSTER, changes or {}))


def nodes(changes: dict[str, Any] | None = None) -> list[Resource]:
    """Return a launch template and a node class with the same options."""
    options = {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": True}}],
    }
    made = changed(options, changes or {})
    return [
        resource("aws:ec2/launchTemplate:LaunchTemplate", **made),
        kubernetes("karpenter.k8s.aws/v1", "EC2NodeClass", spec=made),
    ]


def image(alias: str) -> Resource:
    return kubernetes("karpenter.k8s.aws/v1", "EC2NodeClass", spec={"amiSelectorTerms": [{"alias": alias}]})


VPC = resource("aws:ec2/vpc:Vpc", "network")
FLOW_LOG = resource("aws:ec2/flowLog:FlowLog", "it", {"vpcId": VPC}, vpcId="vpc-1")
DEFAULT_GROUP = resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "it", {"vpcId": VPC}, vpcId="vpc-1")
OPEN_GROUP = resource(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "it",
    {"vpcId": VPC},
    vpcId="vpc-1",
    ingress=[{"self": True, "protocol": "-1"}],
)


def rule(direction: str, **inputs: Any) -> Resource:
    kind = f"SecurityGroup{direction}Rule"
    return resource(f"aws:vpc/s{kind[1:]}:{kind}", **{"description": "why", "ipProtocol": "tcp", **inputs})


def group(**inputs: Any) -> Resource:
    return resource("aws:ec2/securityGroup:SecurityGroup", **{"description": "why", **inputs})


EVERYBODY = "0.0.0.0/0"
BUCKET = resource("aws:s3/bucket:Bucket", "data", bucket="data")


def of_bucket(kind: str, **inputs: Any) -> Resource:
    name = f"Bucket{kind}"
    return resource(f"aws:s3/b{name[1:]}:{name}", "data", {"bucket": BUCKET}, bucket="data", **inputs)


BLOCKED = dict.fromkeys(["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"], True)


def encryption(algorithm: str) -> Resource:
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}]
    return of_bucket("ServerSideEncryptionConfiguration", rules=rules)


def lifecycle(status: str, **rule: Any) -> Resource:
    return of_bucket("LifecycleConfiguration", rules=[{"status": status, **rule}])


PLAIN = {"Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
ABORT = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
LOGS = resource("aws:s3/bucket:Bucket", "logs")
LOGGING = resource("aws:s3/bucketLogging:BucketLogging", "it", {"bucket": BUCKET, "targetBucket": LOGS}, bucket="data")


def iam(*allowed: dict[str, Any], **options: Any) -> Resource:
    return resource("aws:iam/rolePolicy:RolePolicy", policy=policy(*allowed, **options))


def trust(principal: Any, **more: Any) -> Resource:
    document = policy({"Principal": principal, "Action": "sts:AssumeRole", **more})
    return resource("aws:iam/role:Role", assumeRolePolicy=document)


def role(*rules: dict[str, Any]) -> Resource:
    return kubernetes("rbac.authorization.k8s.io/v1", "ClusterRole", rules=list(rules))


def binding(to: str, *subjects: dict[str, Any]) -> Resource:
    return kubernetes(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        roleRef={"kind": "ClusterRole", "name": to},
        subjects=list(subjects),
    )


ACCOUNT = {"kind": "ServiceAccount", "name": "workload", "namespace": "ai"}


def selecting(kind: str, api_version: str, selector: Any, key: str, namespace: str = "ai") -> Resource:
    return kubernetes(api_version, kind, namespace=namespace, spec={key: selector})


def network_policy(selector: Any, namespace: str = "ai") -> Resource:
    return selecting("NetworkPolicy", "networking.k8s.io/v1", selector, "podSelector", namespace)


def budget(selector: Any, namespace: str = "ai") -> Resource:
    return selecting("PodDisruptionBudget", "policy/v1", selector, "selector", namespace)


def autoscaler(*metrics: dict[str, Any], target: str = "it") -> Resource:
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    spec = {"scaleTargetRef": reference, "metrics": list(metrics)}
    return kubernetes("autoscaling/v2", "HorizontalPodAutoscaler", spec=spec)


def scale_writer(target: str = "it", mode: str = "act", acting: str = "scale") -> Resource:
    """Return the component whose pods write a number of pods themselves."""
    inputs = {"namespace": "ai", "target": {"name": target}, "max_replicas": 4, "mode": mode, "acting": acting}
    type = "aidc:index:PredictiveScaling"
    return Resource(urn=f"{_PREFIX}{type}::it", type=type, name="it", custom=False, inputs=inputs)


def of_resource(name: str, kind: str = "Utilization") -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": {"type": kind}}}


def sizes(*resources: str, mode: str = "Recreate", target: str = "it") -> Resource:
    policies = [{"containerName": "server", "controlledResources": list(resources)}] if resources else []
    spec = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        "updatePolicy": {"updateMode": mode},
        "resourcePolicy": {"containerPolicies": policies},
    }
    return kubernetes("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", spec=spec)


def pool(changes: dict[str, Any] | None = None) -> Resource:
    spec = {
        "limits": {"nvidia.com/gpu": "32", "nodes": "4"},
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "60m", "budgets": [{"nodes": "100%"}]},
        "template": {"spec": {"taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}], "requirements": []}},
    }
    return kubernetes("karpenter.sh/v1", "NodePool", spec=changed(spec, changes or {}))


def required(key: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}


H100 = {"template.spec.requirements": [required("node.kubernetes.io/instance-type", "p5.48xlarge")]}
FAMILY = {"template.spec.requirements": [required("karpenter.k8s.aws/instance-gpu-name", "h100")]}


def namespace(**labels: Any) -> Resource:
    return kubernetes("v1", "Namespace", metadata={"labels": labels})


LEVEL = "pod-security.kubernetes.io/enforce"
SERVER = "spec.containers.0."
OWN = kubernetes("v1", "Namespace", "ai")
OWN_ACCOUNT = kubernetes("v1", "ServiceAccount", "workload")
CLAIM = kubernetes("v1", "PersistentVolumeClaim", "models")
MODELS = {"spec.volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]}
SECURITY = f"{SERVER}securityContext."


def chart(location: str, **more: Any) -> Resource:
    return resource("kubernetes:helm.sh/v3:Release", "chart", chart=location, **more)


def definition(group: str) -> Resource:
    return kubernetes("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec={"group": group})


KEPT: dict[str, list[list[Resource]]] = {
    "eks-control-plane-logs": [[cluster()], [cluster({"enabledClusterLogTypes": UNKNOWN})]],
    "eks-endpoint-open": [
        [cluster()],
        [cluster({"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}})],
        [cluster({"vpcConfig": {"publicAccessCidrs": UNKNOWN}})],
    ],
    "eks-endpoint-public": [[cluster()]],
    "eks-secrets-encrypted": [[cluster()], [cluster({"encryptionConfig": UNKNOWN})]],
    "eks-version": [[cluster()], [cluster({"version": UNKNOWN})]],
    "eks-access-entries": [[cluster()]],
    "eks-nodes-ssh": [
        [resource("aws:eks/nodeGroup:NodeGroup")],
        [resource("aws:eks/nodeGroup:NodeGroup", remoteAccess={"ec2SshKey": "k", "sourceSecurityGroupIds": ["sg-1"]})],
    ],
    "node-metadata-tokens": [nodes(), [kubernetes("karpenter.k8s.aws/v1", "EC2NodeClass", spec={})]],
    "node-metadata-hops": [nodes()],
    "node-volumes-encrypted": [nodes(), nodes({"blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]})],
    "node-image-pinned": [[image("bottlerocket@v1.66.0")]],
    "vpc-flow-logs": [[VPC, FLOW_LOG]],
    "vpc-default-group-closed": [[VPC, DEFAULT_GROUP]],
    "security-group-ssh": [
        [rule("Ingress", cidrIpv4=EVERYBODY, fromPort=443, toPort=443)],
        [rule("Ingress", cidrIpv4="10.0.0.0/8", fromPort=22, toPort=22)],
        [rule("Ingress", cidrIpv4=UNKNOWN, fromPort=22, toPort=22)],
    ],
    "security-group-ingress": [
        [rule("Ingress", referencedSecurityGroupId="sg-1", ipProtocol="-1")],
        [rule("Ingress", cidrIpv4=EVERYBODY, fromPort=443, toPort=443)],
    ],
    "security-group-egress": [
        [rule("Egress", cidrIpv4=EVERYBODY, fromPort=443, toPort=443)],
        [rule("Egress", referencedSecurityGroupId="sg-1", ipProtocol="-1")],
    ],
    "security-group-described": [[group()], [rule("Egress", description=UNKNOWN)]],
    "bucket-private": [[BUCKET, of_bucket("PublicAccessBlock", **BLOCKED)]],
    "bucket-encrypted": [[BUCKET, encryption("aws:kms")]],
    "bucket-versioned": [[BUCKET, of_bucket("Versioning", versioningConfiguration={"status": "Enabled"})]],
    "bucket-uploads-end": [[BUCKET, lifecycle("Enabled", **ABORT)]],
    "bucket-tls": [[BUCKET, of_bucket("Policy", policy=policy(PLAIN, effect="Deny"))]],
    "bucket-public-policy": [
        [of_bucket("Policy", policy=policy(PLAIN, effect="Deny"))],
        [of_bucket("Policy", policy=policy({"Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:*"}))],
        [of_bucket("Policy", policy=UNKNOWN)],
    ],
    "bucket-access-logs": [
        [BUCKET, LOGS, LOGGING],
        [
            resource("aws:s3/bucket:Bucket", "logs", bucket="logs"),
            resource("aws:s3/bucketLogging:BucketLogging", bucket="data", targetBucket="logs"),
        ],
    ],
    "efs-encrypted": [[resource("aws:efs/fileSystem:FileSystem", encrypted=True, kmsKeyId=UNKNOWN)]],
    "efs-access-point": [
        [resource("aws:efs/accessPoint:AccessPoint", rootDirectory={"path": "/homes"}, posixUser={"uid": 65532})]
    ],
    "fsx-encrypted": [
        [resource("aws:fsx/lustreFileSystem:LustreFileSystem", kmsKeyId="arn")],
        [resource("aws:fsx/lustreFileSystem:LustreFileSystem", deploymentType="SCRATCH_2")],
    ],
    "kms-key": [
        [resource("aws:kms/key:Key", enableKeyRotation=True)],
        [resource("aws:kms/key:Key", customerMasterKeySpec="RSA_4096")],
        [
            resource(
                "aws:kms/key:Key",
                enableKeyRotation=True,
                policy=policy({"Principal": "*", "Action": "kms:*", "Condition": {"StringEquals": {"a": "b"}}}),
            )
        ],
    ],
    "log-group-encrypted": [[resource("aws:cloudwatch/logGroup:LogGroup", kmsKeyId="arn", retentionInDays=90)]],
    "ecr-repository": [
        [
            resource(
                "aws:ecr/repository:Repository",
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
                encryptionConfigurations=[{"encryptionType": "KMS"}],
            )
        ]
    ],
    "iam-all-actions": [[iam({"Action": "s3:GetObject", "Resource": "*"})], [iam({"Action": "*"}, effect="Deny")]],
    "iam-whole-services": [
        [iam({"Action": "s3:*", "Resource": "arn:aws:s3:::data/*"})],
        [iam({"Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": "1"}}})],
    ],
    "iam-role-trust": [
        [trust({"Service": "pods.eks.amazonaws.com"})],
        [trust({"AWS": "*"}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
    ],
    "rbac-wildcard": [[role({"verbs": ["get"], "resources": ["pods"]})]],
    "rbac-escalation": [
        [role({"verbs": ["get"], "resources": ["secrets"], "resourceNames": ["token"]})],
        [role({"verbs": ["create"], "resources": ["pods"]})],
    ],
    "rbac-administrators": [[binding("view", ACCOUNT)]],
    "pod-privileged": [[server()]],
    "pod-host-namespaces": [[server()]],
    "pod-host-path": [[server({"spec.volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]})]],
    "pod-non-root": [
        [server()],
        [server({"spec.securityContext.runAsNonRoot": False, f"{SECURITY}runAsNonRoot": True})],
        [server({"spec.securityContext.runAsNonRoot": UNKNOWN})],
    ],
    "pod-user": [[server()]],
    "pod-read-only-root": [[server()]],
    "pod-capabilities": [[server()], [server({f"{SECURITY}capabilities.add": ["NET_BIND_SERVICE"]})]],
    "pod-system-calls": [[server()], [server({"spec.securityContext.seccompProfile": UNKNOWN})]],
    "image-tag": [
        [server()],
        [server({f"{SERVER}image": "registry.example:5000/server:1.4.2"})],
        [server({f"{SERVER}image": UNKNOWN})],
    ],
    "image-digest": [[server()], [server({f"{SERVER}image": UNKNOWN})]],
    "pod-secret-files": [[server({f"{SERVER}env": [{"name": "LEVEL", "value": "info"}]})]],
    "pod-resources": [
        [server()],
        [server({f"{SERVER}resources": {"limits": {"cpu": "4", "memory": "16Gi"}}})],
        [server({f"{SERVER}resources": {}, "spec.resources": _CONTAINER["resources"]})],
    ],
    "accelerator-limits": [[server()], [server({f"{SERVER}resources": {"limits": {"nvidia.com/mig-1g.10gb": 1}}})]],
    "server-probes": [[server()], [server({f"{SERVER}ports": [], f"{SERVER}livenessProbe": _REMOVED})]],
    "pod-service-account": [[server()]],
    "namespace-default": [[server()], [server(namespace=UNKNOWN)]],  # type: ignore[arg-type]
    "pod-token": [
        [server()],
        [server({"spec.automountServiceAccountToken": True}), binding("view", ACCOUNT)],
        [
            server({"spec.automountServiceAccountToken": _REMOVED}),
            kubernetes("v1", "ServiceAccount", "workload", automountServiceAccountToken=False),
        ],
    ],
    "pod-network-policy": [
        [server(), network_policy({})],
        [server(), network_policy({"matchLabels": {"app": "it"}})],
        [job(), network_policy({"matchExpressions": [{"key": "app", "operator": "In", "values": ["it", "that"]}]})],
    ],
    "disruption-budget": [
        [server()],
        [server(replicas=1)],
        [server(replicas=3), budget({"matchLabels": _LABELS})],
        [server(), autoscaler(), budget({"matchLabels": _LABELS})],
        [server({"metadata.annotations.cluster-autoscaler": "x"}, replicas=1)],
    ],
    "replicas-spread": [[server(replicas=3)], [server({"spec.topologySpreadConstraints": []}, replicas=1)]],
    "job-ends": [
        [job()],
        [job_set(ttlSecondsAfterFinished=60)],
        [ray_job(ttlSecondsAfterFinished=60, shutdownAfterJobFinishes=True)],
    ],
    "training-undisturbed": [[job()], [job_set()], [ray_job()]],
    "pool-limits": [
        [pool()],
        [pool({"limits": {"cpu": "100"}})],
        [pool({"limits": {"nodes": "4"}, **H100})],
        [pool({"limits": {}, "replicas": 2})],
    ],
    "pool-taint": [[pool()], [pool({"limits": {"cpu": "64"}, "template.spec.taints": []})]],
    "pool-consolidation": [[pool()], [pool({"disruption": {"consolidateAfter": "5m", "budgets": [{"nodes": "10%"}]}})]],
    "namespace-pod-security": [[namespace(**{LEVEL: "restricted"})], [namespace(**{LEVEL: "baseline"})]],
    "one-owner-of-objects": [
        [server(), kubernetes("apps/v1", "StatefulSet"), kubernetes("v1", "Service")],
        named_twice({"name": "it", "namespace": "ai"}, {"name": "it", "namespace": "other"}),
        named_twice({"name": UNKNOWN, "namespace": "ai"}, {"name": UNKNOWN, "namespace": "ai"}),
        named_twice({"namespace": "ai"}, {"namespace": "ai"}),
        [
            kubernetes("v1", "Node", namespace=""),
            resource("kubernetes:core/v1:NodePatch", metadata={"name": "it", "namespace": ""}),
        ],
    ],
    "one-owner-of-replicas": [
        [server(), autoscaler()],
        [server(), scale_writer()],
        [server(), autoscaler(), scale_writer(mode="forecast")],
        [server(), autoscaler(), scale_writer(acting="keda")],
        [server(), autoscaler(), scale_writer(target="another")],
        [server(), autoscaler(), scale_writer(target=UNKNOWN)],  # type: ignore[arg-type]
    ],
    "one-owner-of-requests": [
        [sizes("memory"), autoscaler(of_resource("cpu"))],
        [sizes("cpu", "memory"), autoscaler(of_resource("cpu", "AverageValue"))],
        [sizes("cpu", mode="Off"), autoscaler(of_resource("cpu"))],
        [sizes("cpu"), autoscaler(of_resource("cpu"), target="another")],
    ],
    "scaler-target": [[server(), autoscaler(), sizes("cpu")], [server(), scale_writer()]],
    "api-version": [[budget({})]],
    "pod-references-there": [
        [OWN, OWN_ACCOUNT, server()],
        [OWN, OWN_ACCOUNT, CLAIM, server(MODELS)],
        [OWN, server({"spec.serviceAccountName": UNKNOWN})],
        [OWN, server({"spec.serviceAccountName": "default"})],
        [OWN, chart("spark-operator", namespace="ai"), server({"spec.serviceAccountName": "spark"})],
        [kubernetes("v1", "Namespace", "other"), server(MODELS)],
        [server()],
    ],
    "addon-there": [
        [cluster(), chart("oci://registry.example/charts/vertical-pod-autoscaler"), sizes("cpu")],
        [cluster(), chart("keda"), kubernetes("keda.sh/v1alpha1", "ScaledObject")],
        [cluster(), definition("autoscaling.k8s.io"), sizes("cpu")],
        [sizes("cpu")],
        [cluster(), resource("aws:eks/addon:Addon", addonName="aws-ebs-csi-driver"), storage("ebs.csi.aws.com")],
        [cluster(), storage("kubernetes.io/no-provisioner")],
        [cluster(), chart("aws-fsx-csi-driver"), volume("fsx.csi.aws.com")],
        [cluster(), chart("aws-load-balancer-controller"), balanced("service.k8s.aws/nlb")],
        [cluster(), balanced("eks.amazonaws.com/nlb")],
        [cluster(), chart("aws-efa-k8s-device-plugin"), with_device("vpc.amazonaws.com/efa")],
        [cluster({"computeConfig": {"enabled": True}}), with_device("aws.amazon.com/neuron")],
        [cluster({"computeConfig": {"enabled": True}}), kubernetes("networking.k8s.io/v1", "Ingress", spec=_OF_ALB)],
        [with_device("vpc.amazonaws.com/efa"), volume("efs.csi.aws.com")],
    ],
    "node-class-profile": [
        [resource(_VPC_TYPE), node_class(instanceProfile="prod-node")],
        [resource(_VPC_TYPE), resource("aws:ec2/natGateway:NatGateway"), node_class(role="prod-node")],
        [node_class(role="prod-node")],
    ],
}
"""By rule: programs that keep it, in all ways that differ."""

BROKEN: dict[str, list[list[Resource]]] = {
    "eks-control-plane-logs": [[cluster({"enabledClusterLogTypes": ["api"]})], [resource("aws:eks/cluster:Cluster")]],
    "eks-endpoint-open": [
        [cluster({"vpcConfig": {}})],
        [cluster({"vpcConfig": {"endpointPublicAccess": True, "publicAccessCidrs": [EVERYBODY]}})],
    ],
    "eks-endpoint-public": [[cluster({"vpcConfig": {"endpointPublicAccess": True}})]],
    "eks-secrets-encrypted": [[cluster({"encryptionConfig": _REMOVED})], [cluster({"encryptionConfig.resources": []})]],
    "eks-version": [[cluster({"version": "1.21"})], [cluster({"version": _REMOVED})]],
    "eks-access-entries": [
        [cluster({"accessConfig.authenticationMode": "CONFIG_MAP"})],
        [cluster({"accessConfig.bootstrapClusterCreatorAdminPermissions": True})],
    ],
    "eks-nodes-ssh": [[resource("aws:eks/nodeGroup:NodeGroup", remoteAccess={"ec2SshKey": "k"})]],
    "node-metadata-tokens": [
        [each] for each in [*nodes({"metadataOptions.httpTokens": "optional"}), nodes({"metadataOptions": {}})[0]]
    ],
    "node-metadata-hops": [[each] for each in nodes({"metadataOptions.httpPutResponseHopLimit": 2})],
    "node-volumes-encrypted": [
        [each] for each in nodes({"blockDeviceMappings": [{"deviceName": "a", "ebs": {"volumeSize": 4}}]})
    ],
    "node-image-pinned": [[image("al2023@latest")]],
    "vpc-flow-logs": [[VPC]],
    "vpc-default-group-closed": [[VPC], [VPC, OPEN_GROUP]],
    "security-group-ssh": [
        [rule("Ingress", cidrIpv4=EVERYBODY, fromPort=22, toPort=22)],
        [rule("Ingress", cidrIpv6="::/0", fromPort=0, toPort=1024)],
        [group(ingress=[{"cidrBlocks": [EVERYBODY], "protocol": "tcp", "fromPort": 22, "toPort": 22}])],
    ],
    "security-group-ingress": [
        [rule("Ingress", cidrIpv4=EVERYBODY, ipProtocol="-1")],
        [rule("Ingress", cidrIpv4=EVERYBODY, fromPort=0, toPort=65535)],
        [
            resource(
                "aws:ec2/securityGroupRule:SecurityGroupRule",
                type="ingress",
                cidrBlocks=[EVERYBODY],
                protocol="-1",
                description="why",
            )
        ],
    ],
    "security-group-egress": [
        [rule("Egress", cidrIpv4=EVERYBODY, ipProtocol="-1")],
        [group(egress=[{"cidrBlocks": [EVERYBODY], "protocol": "-1", "fromPort": 0, "toPort": 0}])],
    ],
    "security-group-described": [[group(description="Managed by Pulumi")], [rule("Ingress", description="")]],
    "bucket-private": [[BUCKET], [BUCKET, of_bucket("PublicAccessBlock", **{**BLOCKED, "blockPublicAcls": False})]],
    "bucket-encrypted": [[BUCKET], [BUCKET, encryption("AES256")]],
    "bucket-versioned": [
        [BUCKET],
        [BUCKET, of_bucket("Versioning", versioningConfiguration={"status": "Suspended"})],
    ],
    "bucket-uploads-end": [
        [BUCKET],
        [BUCKET, lifecycle("Disabled", **ABORT)],
        [BUCKET, lifecycle("Enabled", expiration={"days": 1})],
    ],
    "bucket-tls": [[BUCKET], [BUCKET, of_bucket("Policy", policy=policy(PLAIN))]],
    "bucket-public-policy": [[of_bucket("Policy", policy=policy({"Principal": "*", "Action": "s3:GetObject"}))]],
    "bucket-access-logs": [[BUCKET]],
    "efs-encrypted": [
        [resource("aws:efs/fileSystem:FileSystem", kmsKeyId="arn")],
        [resource("aws:efs/fileSystem:FileSystem", encrypted=True)],
    ],
    "efs-access-point": [
        [resource("aws:efs/accessPoint:AccessPoint", posixUser={"uid": 65532})],
        [resource("aws:efs/accessPoint:AccessPoint", rootDirectory={"path": "/homes"})],
    ],
    "fsx-encrypted": [
        [resource("aws:fsx/lustreFileSystem:LustreFileSystem", deploymentType="PERSISTENT_2")],
        [resource("aws:fsx/openZfsFileSystem:OpenZfsFileSystem")],
    ],
    "kms-key": [
        [resource("aws:kms/key:Key")],
        [resource("aws:kms/key:Key", enableKeyRotation=True, isEnabled=False)],
        [
            resource(
                "aws:kms/key:Key", enableKeyRotation=True, policy=policy({"Principal": {"AWS": "*"}, "Action": "kms:*"})
            )
        ],
    ],
    "log-group-encrypted": [
        [resource("aws:cloudwatch/logGroup:LogGroup", retentionInDays=90)],
        [resource("aws:cloudwatch/logGroup:LogGroup", kmsKeyId="arn")],
    ],
    "ecr-repository": [
        [
            resource(
                "aws:ecr/repository:Repository",
                imageScanningConfiguration={"scanOnPush": True},
                encryptionConfigurations=[{"encryptionType": "KMS"}],
            )
        ],
        [
            resource(
                "aws:ecr/repository:Repository",
                imageTagMutability="IMMUTABLE",
                encryptionConfigurations=[{"encryptionType": "KMS"}],
            )
        ],
        [
            resource(
                "aws:ecr/repository:Repository",
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
            )
        ],
    ],
    "iam-all-actions": [
        [iam({"Action": "*", "Resource": "*"})],
        [resource("aws:iam/policy:Policy", policy={"Statement": {"Effect": "Allow", "Action": ["*"]}})],
    ],
    "iam-whole-services": [[iam({"Action": ["s3:*"], "Resource": "*"})]],
    "iam-role-trust": [[trust({"AWS": "*"})], [trust("*")]],
    "rbac-wildcard": [[role({"verbs": ["*"], "resources": ["pods"]})], [role({"verbs": ["get"], "resources": ["*"]})]],
    "rbac-escalation": [
        [role({"verbs": ["escalate"], "resources": ["roles"]})],
        [role({"verbs": ["get", "list"], "resources": ["secrets"]})],
        [role({"verbs": ["patch"], "resources": ["mutatingwebhookconfigurations"]})],
        [role({"verbs": ["create"], "resources": ["nodes/proxy"]})],
    ],
    "rbac-administrators": [
        [binding("cluster-admin", ACCOUNT)],
        [binding("view", {"kind": "Group", "name": "system:authenticated"})],
        [binding("view", {"kind": "ServiceAccount", "name": "default", "namespace": "ai"})],
    ],
    "pod-privileged": [
        [server({f"{SECURITY}privileged": True})],
        [server({f"{SECURITY}allowPrivilegeEscalation": _REMOVED})],
        [ray_job({f"{SECURITY}privileged": True})],
    ],
    "pod-host-namespaces": [
        [server({"spec.hostNetwork": True})],
        [server({"spec.hostIPC": True})],
        [job_set({f"{SERVER}ports": [{"containerPort": 80, "hostPort": 80}]})],
    ],
    "pod-host-path": [[server({"spec.volumes": [{"name": "s", "hostPath": {"path": "/run/containerd.sock"}}]})]],
    "pod-non-root": [
        [server({"spec.securityContext.runAsNonRoot": _REMOVED})],
        [server({f"{SECURITY}runAsNonRoot": False})],
    ],
    "pod-user": [[server({"spec.securityContext.runAsUser": 1000})], [job({"spec.securityContext": {}})]],
    "pod-read-only-root": [[server({f"{SECURITY}readOnlyRootFilesystem": _REMOVED})]],
    "pod-capabilities": [
        [server({f"{SECURITY}capabilities.drop": ["NET_RAW"]})],
        [server({f"{SECURITY}capabilities.add": ["SYS_ADMIN"]})],
    ],
    "pod-system-calls": [
        [server({"spec.securityContext.seccompProfile": _REMOVED})],
        [server({f"{SECURITY}seccompProfile": {"type": "Unconfined"}})],
    ],
    "image-tag": [
        [server({f"{SERVER}image": "registry.example:5000/server"})],
        [server({f"{SERVER}image": "server:latest"})],
    ],
    "image-digest": [[server({f"{SERVER}image": "registry.example/server:1.4.2"})]],
    "pod-secret-files": [
        [server({f"{SERVER}env": [{"name": "T", "valueFrom": {"secretKeyRef": {"name": "t", "key": "k"}}}]})],
        [server({f"{SERVER}envFrom": [{"secretRef": {"name": "t"}}]})],
    ],
    "pod-resources": [
        [server({f"{SERVER}resources.limits": {"nvidia.com/gpu": "1"}})],
        [server({"spec.initContainers": [{"name": "load"}]})],
    ],
    "accelerator-limits": [
        [server({f"{SERVER}resources.limits": {"memory": "16Gi"}})],
        [server({f"{SERVER}resources.limits": {"memory": "16Gi", "nvidia.com/gpu": "2"}})],
    ],
    "server-probes": [
        [server({f"{SERVER}readinessProbe": _REMOVED})],
        [server({f"{SERVER}livenessProbe": _REMOVED})],
        [server({f"{SERVER}livenessProbe": _CONTAINER["readinessProbe"]})],
        [server({f"{SERVER}startupProbe": _REMOVED})],
    ],
    "pod-service-account": [
        [server({"spec.serviceAccountName": _REMOVED})],
        [job({"spec.serviceAccountName": "default"})],
    ],
    "namespace-default": [[server(namespace="default")]],
    "pod-token": [
        [server({"spec.automountServiceAccountToken": True})],
        [server({"spec.automountServiceAccountToken": _REMOVED})],
        [server({"spec.automountServiceAccountToken": True}), binding("view", {**ACCOUNT, "namespace": "other"})],
    ],
    "pod-network-policy": [
        [server()],
        [server(), network_policy({}, namespace="other")],
        [server(), network_policy({"matchLabels": {"app": "that"}})],
    ],
    "disruption-budget": [
        [server(replicas=3)],
        [server(), autoscaler()],
        [server(), scale_writer()],
        [server(replicas=3), budget({"matchLabels": {"app": "that"}})],
    ],
    "replicas-spread": [[server({"spec.topologySpreadConstraints": _REMOVED}, replicas=3)]],
    "job-ends": [[job_set()], [ray_job(ttlSecondsAfterFinished=60)]],
    "training-undisturbed": [
        [job({"metadata.annotations": {}})],
        [job_set({"metadata.annotations": {"karpenter.sh/do-not-disrupt": "false"}})],
    ],
    "pool-limits": [
        [pool({"limits": _REMOVED})],
        [pool({"limits": {"cpu": "100"}, **H100})],
        [pool({"limits": {"cpu": "100"}, **FAMILY})],
    ],
    "pool-taint": [
        [pool({"template.spec.taints": []})],
        [pool({"limits": {"nodes": "4"}, "template.spec.taints": [], **H100})],
        [pool({"template.spec.taints": [{"key": "x", "effect": "PreferNoSchedule"}]})],
    ],
    "pool-consolidation": [
        [pool({"disruption.consolidateAfter": "0s"})],
        [pool({"disruption.consolidationPolicy": "WhenEmptyOrUnderutilized"})],
    ],
    "namespace-pod-security": [[namespace()], [namespace(**{LEVEL: "privileged"})]],
    "one-owner-of-objects": [
        named_twice({"name": "it", "namespace": "ai"}, {"name": "it", "namespace": "ai"}),
        named_twice({"name": "it"}, {"name": "it"}),
    ],
    "one-owner-of-replicas": [
        [server(replicas=3), autoscaler()],
        [server(replicas=3), scale_writer()],
        [server(), autoscaler(), scale_writer()],
    ],
    "one-owner-of-requests": [
        [sizes("cpu", "memory"), autoscaler(of_resource("cpu"))],
        [sizes(), autoscaler(of_resource("memory"))],
    ],
    "scaler-target": [
        [autoscaler()],
        [server(namespace="other"), autoscaler()],
        [sizes("cpu", target="gone")],
        [server(), scale_writer(target="gone")],
    ],
    "api-version": [[kubernetes("policy/v1beta1", "PodDisruptionBudget", spec={})]],
    "pod-references-there": [
        [OWN, server()],
        [OWN, kubernetes("v1", "ServiceAccount", "workload", "other"), server()],
        [OWN, OWN_ACCOUNT, server(MODELS)],
        [OWN, OWN_ACCOUNT, CLAIM, job({"spec.serviceAccountName": "gone"})],
    ],
    "addon-there": [
        [cluster(), sizes("cpu")],
        [cluster(), chart("keda"), definition("keda.sh"), sizes("cpu")],
        [cluster(), kubernetes("kueue.x-k8s.io/v1beta2", "LocalQueue")],
        [cluster(), storage("ebs.csi.aws.com")],
        [cluster(), chart("aws-efs-csi-driver"), volume("fsx.csi.aws.com")],
        [cluster(), volume("s3.csi.aws.com")],
        [cluster(), balanced("service.k8s.aws/nlb")],
        [cluster(), kubernetes("networking.k8s.io/v1", "Ingress", spec=_OF_ALB)],
        [cluster(), with_device("vpc.amazonaws.com/efa")],
        [cluster(), with_device("aws.amazon.com/neuron")],
    ],
    "node-class-profile": [[resource(_VPC_TYPE), node_class(role="prod-node")]],
}
"""By rule: programs that break it once, in all ways that differ."""
