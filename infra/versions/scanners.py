"""The programs that scan what the library declares, as auditors do."""

from .kinds import GoModule, Version

CHECKOV = Version(
    number="3.3.30",
    source="https://pypi.org/project/checkov/3.3.30/",
    released="2026-10-20",
)
"""Policies over Terraform and Kubernetes manifests; run in an environment of its own, because it pins what it needs."""

KUBE_SCORE = GoModule(
    path="github.com/zegl/kube-score",
    number="1.20.0",
    source="https://github.com/zegl/kube-score/releases/tag/v1.20.0",
    released="2025-04-28",
    checksum="h1:J1VqK86SunV4Gg8emPTmwUVxe0rmXnAs5K9ZUbGMKR8=",
)
"""Recommendations for Kubernetes manifests."""
