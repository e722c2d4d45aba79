"""The policy pack: what Pulumi runs for `--policy-pack`. Python puts this folder first on its path."""

import sys
from importlib.util import find_spec

if __name__ == "__main__":
    if find_spec("pulumi_policy") is None:
        sys.exit("pulumi-policy is not installed; run: pip install 'aidc[policies]'")
    from aidc.infra.policies.pack import run

    run()
