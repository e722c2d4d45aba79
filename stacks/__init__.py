"""Typed settings, and the data center that they compose."""

from .data_center import DataCenter
from .data_center_args import DataCenterArgs
from .settings import check_settings, json_schema, load_settings

__all__ = ["DataCenter", "DataCenterArgs", "check_settings", "json_schema", "load_settings"]
