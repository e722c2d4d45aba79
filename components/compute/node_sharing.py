"""Sharing one accelerator among pods, on EC2: by the machine image or by add-ons, as its owner is able to."""

from ...infra.addons.gpu_software import AmiFamily, GpuSoftware
from ...planning.catalog import Accelerator
from ...problems import Problems
from .aws_node_options import AwsNodeOptions
from .aws_node_plan import chosen_family
from .node_user_data import check_image_sharing
from .sharing import SharingPlan, plan_sharing


def plan_node_sharing(
    problems: Problems,
    accelerator: Accelerator,
    replicas: int | None,
    mig_profile: str | None,
    options: AwsNodeOptions,
) -> SharingPlan | None:
    """Return how accelerators of nodes on EC2 are shared; None where `problems` were added."""
    before = len(problems)
    software, family = options.get("gpu_software", GpuSoftware.AMI), chosen_family(options)
    by_image = family is AmiFamily.BOTTLEROCKET and software == GpuSoftware.AMI.value
    shared = {"timeSlicingReplicas": replicas is not None, "migProfile": mig_profile is not None}
    if software == GpuSoftware.DRA.value:
        for path in (path for path, given in shared.items() if given):
            problems.add(path, "with gpuSoftware dra, resource claims share GPUs; leave it out")
    elif mig_profile is not None and family is AmiFamily.AL2023 and software == GpuSoftware.AMI.value:
        problems.add(
            "migProfile",
            "nothing on al2023 cuts GPUs; give aws.gpuSoftware gpu-operator, or aws.amiFamily bottlerocket",
        )
    elif by_image:
        check_image_sharing(problems, accelerator, mig_profile)
    if len(problems) > before:
        return None
    whole = None if replicas is None else int(replicas)
    return plan_sharing(problems, accelerator, whole, mig_profile, by_image=by_image)
