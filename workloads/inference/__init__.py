"""The inference server: what training exported, behind an OpenAI-compatible HTTP interface."""
