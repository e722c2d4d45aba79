"""The program that `pulumi up` runs, and that offline evaluation runs as well."""

import pulumi

from aidc.stacks import DataCenter, load_settings

center = DataCenter("data-center", load_settings())
pulumi.export("namespaces", center.namespaces)
pulumi.export("urls", center.urls)
