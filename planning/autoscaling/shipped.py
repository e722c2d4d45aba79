"""The load that is replayed where none is given: part of the library, so that a simulation needs nothing else.

It is the conversation trace of Azure's LLM inference service of 16 November 2023, 19,366 requests in an hour, counted
in steps of 10 seconds. Source: Azure/AzurePublicDataset at b469a11 (2025-10-20), data/AzureLLMInferenceTrace_conv.csv,
licence CC-BY-4.0; P. Patel et al., Splitwise: Efficient Generative LLM Inference Using Phase Splitting, ISCA 2024.
"""

from importlib import resources
from typing import Final

from ..forecasting.traces import Trace, read_trace

NAME: Final = "azure-conversation"
"""What commands call it."""


def shipped_trace(column: str = "requests") -> Trace:
    """Return the load, of requests or of another column: `context_tokens`, `generated_tokens`."""
    folder = resources.files(__package__ or "") / "data"
    with resources.as_file(folder / "azure_llm_2023_conv_10s.csv") as path:
        return read_trace(path, time="timestamp_s", value=column, step=10)
