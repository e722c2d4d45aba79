"""The inference engines that are not ours: which version of their images."""

from typing import Final

from .kinds import Image

VLLM: Final = Image(
    number="0.32.0",
    source="https://docs.vllm.ai/en/v0.32.0/deployment/docker/",
    released="2026-10-18",
    repository="docker.io/vllm/vllm-openai",
    prefix="v",
)
"""vLLM for large language models on NVIDIA GPUs."""
