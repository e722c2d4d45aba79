"""How much of what a device can do is used."""

import torch

from ...planning.catalog import find_accelerator
from ...problems import Problems


def peak_flops(device: torch.device) -> float | None:
    """Return the dense BF16 operations a second that the catalog knows of a device; None for CPUs and unknown GPUs."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device).removeprefix("NVIDIA ").removeprefix("Tesla ")
    found = find_accelerator(name, Problems())
    if found is None or found.dense_bf16_tflops is None:
        return None
    return found.dense_bf16_tflops * 1e12
