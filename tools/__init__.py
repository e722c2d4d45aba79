"""The programs of the control plane: found, downloaded or built."""

from .errors import ToolError
from .folder import How, Tool
from .progress import Report, shown_on
from .provision import provide

__all__ = ["How", "Report", "Tool", "ToolError", "provide", "shown_on"]
