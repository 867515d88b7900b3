"""What went wrong, as the service says it over HTTP."""

from __future__ import annotations

from starlette.responses import JSONResponse

from actors.backends.gemini.wire import Invalid
from actors.backends.gemini.wire.http_error import HttpError
from actors.gateway.access.denial import TRY_AGAIN_LATER, AccessDeniedError
from actors.gateway.access.refusal import (
    INVALID,
    gemini_close,
    gemini_error,
    headers_of,
)
from actors.gateway.errors import (
    REFUSED_AGAIN_S,
    CallerError,
    RefusedError,
    SlowRequestError,
    TooLargeError,
    UnreadablePictureError,
    UnreadableSoundError,
)

TOLD = (HttpError, Invalid, CallerError)
"""What a client is told of."""


def close_of(error: Exception) -> tuple[int, str]:
    """Return with which code and reason a Live session's WebSocket is closed; raises our own."""
    match error:
        case AccessDeniedError():
            return gemini_close(error)
        case Invalid():
            return INVALID, error.message
        case UnreadableSoundError() | UnreadablePictureError() | TooLargeError():
            # To send it again would lead to the same.
            return INVALID, str(error)
        case CallerError():
            return TRY_AGAIN_LATER, str(error)
    raise error


def http_error(error: HttpError | Invalid | CallerError) -> HttpError:
    """Return an error as the service has it."""
    match error:
        case HttpError():
            return error
        case Invalid():
            return HttpError(400, "INVALID_ARGUMENT", error.message, error.details())
        case TooLargeError():
            # In the words of the service, which knows no 413.
            message = f"Request payload size exceeds the limit: {error}."
            return HttpError(400, "INVALID_ARGUMENT", message)
        case SlowRequestError():
            return HttpError(408, "DEADLINE_EXCEEDED", str(error))
        case AccessDeniedError():
            return gemini_error(error)
        case RefusedError():
            return unavailable(str(error))
        case _:
            return HttpError(400, "INVALID_ARGUMENT", str(error))


def unavailable(why: str) -> HttpError:
    """Return the error for what the pipeline could not answer."""
    message = "The service is currently unavailable."
    return HttpError(503, "UNAVAILABLE", f"{message} {why}" if why else message)


def error_response(
    error: HttpError | Invalid | CallerError, *, in_list: bool = False
) -> JSONResponse:
    """Return the response that tells it; a stream that is a JSON array holds it as one of them."""
    said = http_error(error)
    headers = {"Retry-After": str(REFUSED_AGAIN_S)} if said.code == 503 else {}
    if isinstance(error, AccessDeniedError):
        headers |= headers_of(error)
    body = said.body()
    return JSONResponse([body] if in_list else body, said.code, headers)
