"""What backups of clusters consist of."""

from .kinds import Image

VELERO_AWS_PLUGIN = Image(
    number="1.14.2",
    source="https://github.com/velero-io/velero-plugin-for-aws/pull/301",
    released="2026-08-21",
    repository="docker.io/velero/velero-plugin-for-aws",
)
"""Velero's access to S3 and EBS: version 1.14 goes with Velero 1.18, the program of the chart. The day is that on which
it was read, because its release day is not known."""
