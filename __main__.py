"""The component package: what Pulumi runs for `pulumi package add`, whatever language the program is in."""

import sys

from pulumi.provider import main

from aidc.components.provider import component_provider

if __name__ == "__main__":
    main(component_provider(), sys.argv[1:])
