"""Errors over HTTP, worded as Google words them."""

from collections.abc import Collection, Iterable
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


def other_modalities(wanted: Iterable[str], model: str = "", accepted: Collection[str] = ()) -> str:
    """The message for answers in modalities that a model does not have; Live names no others."""
    what = ", ".join(wanted)
    said = (
        f"The requested combination of response modalities ({what}) is not supported by the model"
    )
    if not accepted:
        return said
    return (
        f"{said}. models/{model} accepts the following combination of response modalities:\n"
        + "".join(f"* {each}\n" for each in accepted)
    )


def no_cached_content() -> HttpError:
    """The error for a `cachedContent` that is not there."""
    return HttpError(403, "PERMISSION_DENIED", "CachedContent not found (or permission denied)")


def no_file(name: str) -> HttpError:
    """The error for a file that is not there."""
    message = f"You do not have permission to access the File {name} or it may not exist."
    return HttpError(403, "PERMISSION_DENIED", message)
