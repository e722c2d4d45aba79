"""The program that `pulumi up` runs, and that offline evaluation runs as well."""

from aidc.stacks import DataCenter, load_settings

DataCenter("data-center", load_settings())
