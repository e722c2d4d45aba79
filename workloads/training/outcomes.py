"""How a training ends: exit codes, and what they say."""

from typing import Final

from ...problems import InvalidInput

FINISHED: Final = 0
FAILED: Final = 1
WRONG: Final = 2
NONFINITE: Final = 3
NOTICE_EXPIRED: Final = 4
UNSAVED: Final = 5
INTERRUPTED: Final = 130
TERMINATED: Final = 143

EXIT_CODES: Final = {
    FINISHED: "All steps are done, and the model is exported.",
    FAILED: "An error that has no code of its own.",
    WRONG: "The settings or the data cannot be used. All but an image that is none show before the first step.",
    NONFINITE: "The loss or the gradient was no finite number for too many steps in a row, or the loss on the data "
    "held out at the end; nothing is exported.",
    NOTICE_EXPIRED: "A signal asked for the end, and the notice ran out before a checkpoint was saved.",
    UNSAVED: "Too many checkpoints in a row could not be written, or the last one; the newest complete one stays.",
    INTERRUPTED: "SIGINT; the step at hand was finished, and a checkpoint saved where one is configured.",
    TERMINATED: "SIGTERM; the step at hand was finished, and a checkpoint saved where one is configured.",
}
"""Every exit code of the program. torchrun itself ends with 1 whenever one of its processes does not end with 0."""


class NonfiniteLoss(RuntimeError):
    """The loss or the gradient was no finite number for too many steps in a row, or the held-out loss at the end."""


class ExportFailed(RuntimeError):
    """The trained model could not be written."""


class CheckpointFailed(RuntimeError):
    """Too many checkpoints in a row could not be written, or the last one of a training."""


class BrokenSamples(InvalidInput):
    """Samples that cannot be read, found by the one process that wanted them."""
