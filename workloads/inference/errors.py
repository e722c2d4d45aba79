"""Refusals, in the form of OpenAI's errors."""

from typing import Any, Final

_TYPES: Final = {
    400: "invalid_request_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    408: "timeout_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
    504: "timeout_error",
}


class Refusal(Exception):
    """A request that is not served."""

    def __init__(
        self, status: int, message: str, parameter: str | None = None, code: str | None = None, retry_after: int = 0
    ) -> None:
        """Refuse with a status and a sentence; `retry_after` is in seconds, 0 for none."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameter = parameter
        self.code = code
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {"Retry-After": str(self.retry_after)} if self.retry_after else {}

    def document(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return error_document(self.status, self.message, self.parameter, self.code)


def error_document(status: int, message: str, parameter: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Return the body of an answer that is no success."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": _sent(message), "type": kind, "param": _sent(parameter or "") or None, "code": code}}


def _sent(text: str) -> str:
    """Return a text that can be sent: what was asked may be quoted in it, with halves of surrogate pairs."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
