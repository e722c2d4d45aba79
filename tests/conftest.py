"""What the tests of every room share."""

import signal

pytest_plugins = ["aidc.evaluation.testing"]

# A shell without job control has its background processes ignore SIGINT, and their children inherit that; tests that
# interrupt a command must not depend on how they were started.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
