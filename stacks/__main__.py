"""The program that `pulumi up` runs, and that offline evaluation runs as well."""

import pulumi

from aidc.stacks import DataCenter, load_settings

for name, value in DataCenter("data-center", load_settings()).exports.items():
    pulumi.export(name, value)
