"""Ray, which preprocessing runs on, and the KubeRay that runs Ray on Kubernetes."""

from typing import Final

from .kinds import Version

RAY: Final = Version(
    number="2.60.0",
    source="https://pypi.org/project/ray/2.60.0/",
    released="2026-11-04",
)
"""The Ray of the image of preprocessing, as uv.lock has it: KubeRay starts pods as their version wants it."""

KUBERAY: Final = Version(
    number="1.7.0",
    source="https://github.com/ray-project/kuberay/releases/tag/v1.7.0",
    released="2026-08-20",
)
"""The KubeRay whose behavior the Ray form of preprocessing is written for."""
