"""The add-ons that there are, as data: the graph of what needs, precedes and excludes what."""

from collections.abc import Mapping
from typing import Final

from .addon import Addon, AddonIdentity, PodSecurityStandard
from .gpu_software import DEVICE_PLUGIN, DRA_DRIVER, DRA_KUBERNETES, GPU_OPERATOR
from .load_balancer_statements import load_balancer_statements
from .statements import (
    cert_manager_statements,
    efs_mount_statements,
    efs_statements,
    external_dns_statements,
    external_secrets_statements,
    fsx_statements,
    mountpoint_statements,
)
from .values import (
    dcgm_values,
    device_plugin_values,
    dra_values,
    efs_values,
    external_dns_values,
    fsx_values,
    gpu_operator_values,
    keda_values,
    load_balancer_values,
    monitoring_values,
    neuron_values,
    vertical_pod_autoscaler_values,
)

MONITORS: Final = "prometheus-operator-crds"
"""The add-on whose presence makes the others show their metrics to Prometheus."""

_ONE_OWNER: Final = "both hand out the same GPUs; gpuSoftware says which of them is meant"

_LISTED: Final = (
    Addon(
        name="aws-load-balancer-controller",
        purpose="AWS load balancers for Services, Ingresses and Gateways",
        definitions=("aga.k8s.aws", "elbv2.k8s.aws", "gateway.k8s.aws"),
        identities=(
            AddonIdentity(service_account="aws-load-balancer-controller", statements=load_balancer_statements),
        ),
        values=load_balancer_values,
    ),
    Addon(
        name="aws-efs-csi-driver",
        purpose="volumes on EFS",
        identities=(
            AddonIdentity(
                service_account="efs-csi-controller-sa",
                values=("controller", "serviceAccount"),
                statements=efs_statements,
            ),
            AddonIdentity(
                service_account="efs-csi-node-sa", values=("node", "serviceAccount"), statements=efs_mount_statements
            ),
        ),
        values=efs_values,
    ),
    Addon(
        name="aws-fsx-csi-driver",
        purpose="volumes on FSx for Lustre",
        kubernetes="1.20",
        identities=(
            AddonIdentity(
                service_account="fsx-csi-controller-sa",
                values=("controller", "serviceAccount"),
                statements=fsx_statements,
            ),
        ),
        values=fsx_values,
        settings=frozenset({"bucket_arns"}),
    ),
    Addon(
        name="aws-mountpoint-s3-csi-driver",
        purpose="volumes on S3",
        kubernetes="1.30",
        definitions=("s3.csi.aws.com",),
        identities=(
            AddonIdentity(
                service_account="s3-csi-driver-sa", values=("node", "serviceAccount"), statements=mountpoint_statements
            ),
        ),
        settings=frozenset({"bucket_arns", "encryption_keys", "writable_bucket_arns"}),
    ),
    Addon(name="metrics-server", purpose="CPU and memory for the horizontal autoscaler", after=(MONITORS,)),
    Addon(
        name="cert-manager",
        purpose="certificates",
        namespace="cert-manager",
        after=(MONITORS,),
        kubernetes="1.22",
        definitions=("acme.cert-manager.io", "cert-manager.io"),
        identities=(AddonIdentity(service_account="cert-manager", statements=cert_manager_statements),),
        settings=frozenset({"hosted_zone_arns"}),
    ),
    Addon(
        name="external-dns",
        purpose="DNS records of Services and Ingresses",
        needs_internet="writes to Route 53",
        namespace="external-dns",
        after=(MONITORS,),
        definitions=("externaldns.k8s.io",),
        identities=(AddonIdentity(service_account="external-dns", statements=external_dns_statements),),
        values=external_dns_values,
        settings=frozenset({"domains", "hosted_zone_arns"}),
        required_settings=frozenset({"hosted_zone_arns"}),
    ),
    Addon(
        name="external-secrets",
        purpose="Secrets from AWS Secrets Manager",
        namespace="external-secrets",
        after=(MONITORS,),
        definitions=("external-secrets.io", "generators.external-secrets.io"),
        identities=(AddonIdentity(service_account="external-secrets", statements=external_secrets_statements),),
        settings=frozenset({"encryption_keys", "secret_prefix"}),
        required_settings=frozenset({"secret_prefix"}),
    ),
    Addon(
        name="aws-efa-k8s-device-plugin",
        purpose="network interfaces of EFA for pods",
    ),
    Addon(
        name="neuron-helm-chart",
        purpose="Trainium and Inferentia for pods",
        values=neuron_values,
    ),
    Addon(
        name=DEVICE_PLUGIN,
        purpose="NVIDIA GPUs for pods",
        conflicts={DRA_DRIVER: _ONE_OWNER, GPU_OPERATOR: _ONE_OWNER},
        needs_gpus=True,
        values=device_plugin_values,
        settings=frozenset({"time_slicing_replicas"}),
    ),
    Addon(
        name=GPU_OPERATOR,
        purpose="NVIDIA GPUs for pods, cut into instances, with their metrics",
        namespace="gpu-operator",
        pod_security=PodSecurityStandard.PRIVILEGED,
        privileged_because="its DaemonSets set up the GPUs of their node and mount its paths",
        after=(MONITORS,),
        conflicts={
            "dcgm-exporter": "the operator brings that exporter itself; leave one of them out",
            DRA_DRIVER: _ONE_OWNER,
        },
        definitions=("nfd.k8s-sigs.io", "nvidia.com", "resource.nvidia.com"),
        needs_gpus=True,
        values=gpu_operator_values,
        settings=frozenset({"time_slicing_replicas"}),
    ),
    Addon(
        name=DRA_DRIVER,
        purpose="NVIDIA GPUs and NVLink domains for pods by resource claims",
        definitions=("resource.nvidia.com",),
        needs_gpus=True,
        kubernetes=DRA_KUBERNETES,
        values=dra_values,
    ),
    Addon(
        name="dcgm-exporter",
        purpose="metrics of NVIDIA GPUs",
        after=(MONITORS,),
        needs_gpus=True,
        values=dcgm_values,
    ),
    Addon(
        name="keda",
        purpose="scaling by queues and other events",
        namespace="keda",
        after=(MONITORS,),
        kubernetes="1.23",
        definitions=("eventing.keda.sh", "keda.sh"),
        identities=(AddonIdentity(service_account="keda-operator", values=("serviceAccount", "operator")),),
        values=keda_values,
    ),
    Addon(
        name="jobset",
        purpose="jobs of several nodes",
        namespace="jobset",
        after=(MONITORS,),
        definitions=("jobset.x-k8s.io",),
    ),
    Addon(
        name="kubeflow-trainer",
        purpose="Kubeflow's training jobs",
        namespace="kubeflow-trainer",
        needs=("jobset",),
        definitions=("trainer.kubeflow.org",),
    ),
    Addon(
        name="lws",
        purpose="inference of one model over several nodes",
        namespace="lws",
        definitions=("disaggregatedset.x-k8s.io", "leaderworkerset.x-k8s.io"),
    ),
    Addon(
        name="kueue",
        purpose="queues and quotas of jobs",
        namespace="kueue",
        # It watches the kinds that it finds when it starts.
        after=("jobset", "kubeflow-trainer", MONITORS),
        definitions=("kueue.x-k8s.io",),
    ),
    Addon(
        name=MONITORS,
        purpose="definitions of monitors and rules, for whatever Prometheus reads them",
        definitions=("monitoring.coreos.com",),
    ),
    Addon(
        name="kube-prometheus-stack",
        purpose="Prometheus, Alertmanager and the metrics of nodes and objects",
        namespace="monitoring",
        pod_security=PodSecurityStandard.PRIVILEGED,
        privileged_because="the exporter of node metrics reads the network, the processes and the file system of nodes",
        needs=(MONITORS,),
        kubernetes="1.25",
        values=monitoring_values,
        settings=frozenset({"storage_class", "storage_size"}),
    ),
    Addon(
        name="vertical-pod-autoscaler",
        purpose="pods as large as their use shows",
        namespace="vertical-pod-autoscaler",
        needs=("metrics-server",),
        definitions=("autoscaling.k8s.io",),
        values=vertical_pod_autoscaler_values,
    ),
)

ADDONS: Final[Mapping[str, Addon]] = {addon.name: addon for addon in sorted(_LISTED, key=lambda addon: addon.name)}
"""By name, sorted."""
