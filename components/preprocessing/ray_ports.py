"""Ports that Ray takes in each pod of a cluster, by the defaults of `ray start` and of KubeRay 1.7."""

from typing import Final

GCS: Final = 6379
DASHBOARD: Final = 8265
"""Where jobs are submitted and asked for."""

_METRICS: Final = 8080
_CLIENT: Final = 10_001
_WORKERS: Final = range(10_002, 20_000)
_AGENT: Final = 52_365

TAKEN: Final = frozenset({GCS, DASHBOARD, _METRICS, _CLIENT, _AGENT, *_WORKERS})
"""Where nothing else can listen."""
