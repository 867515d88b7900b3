"""Errors over HTTP, worded as Google words them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class HttpError(Exception):
    """An HTTP error as Google's services word it."""

    code: int
    status: str
    message: str
    details: list[dict[str, Any]] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        """The JSON body of the response."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def model_not_found(model: str, version: str, method: str) -> str:
    """The message for a model that does not exist or does not offer a method."""
    name = model if model.startswith("models/") else f"models/{model}"
    return (
        f"{name} is not found for API version {version}, or is not supported for {method}. "
        "Call ListModels to see the list of available models and their supported methods."
    )


def too_many_tokens(total: int, window: int) -> str:
    """The message for an input that does not fit into a model's context window."""
    return (
        f"The input token count ({total}) exceeds the maximum number of tokens allowed ({window})."
    )
