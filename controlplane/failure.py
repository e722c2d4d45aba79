"""What goes wrong with a control plane, apart from bad input."""


class ControlPlaneFailure(RuntimeError):
    """Something failed. Command lines print the message and exit with code 1, without a traceback."""


class ClusterBusy(ControlPlaneFailure):
    """Another process works on the same cluster at this moment."""


class ProgramFailed(ControlPlaneFailure):
    """A program of the control plane ended, or did not become ready in time."""


class ApiUnreachable(ControlPlaneFailure):
    """The API server does not answer."""


class ApiError(ControlPlaneFailure):
    """The API server refused a request."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        self.code = code
        """The HTTP status."""
        self.reason = reason
        """The machine-readable reason, such as NotFound or Invalid."""
        super().__init__(message)


class NotReady(ControlPlaneFailure):
    """Something that was applied did not become ready in time, or failed."""
