"""From the exceptions of google-genai, websockets, httpx and the system to a `CloseReason`."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from typing import Any

from actors.backends.gemini.faults import CloseReason, FaultSource

ABNORMAL = 1006
"""RFC 6455: no close frame came; the cause, if known here, is in what was to be sent."""
HTTP_LIBRARIES = {"httpx": "HTTPError", "httpx2": "HTTPError", "aiohttp": "ClientError"}
"""google-genai imports whichever is there; what each raises when the network fails."""
FIRST_HTTP_STATUS, LAST_HTTP_STATUS = 100, 599

OF_OTHERS = {200, 301, 302, 303, 307, 308, 407, 511}
"""Statuses that the service does not refuse with: pages, redirections, and what a proxy wants."""
OF_OTHERS_IN_HTML = {401, 403, 429, 451}
"""Statuses that the service refuses with in JSON. Its web pages are 404 and 5xx."""
MOST_PAGE_CHARS = 300
"""Of what a page says: a few lines of the log, with the title and the first sentence in them."""

ODD_FRAMES = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What google-genai raises on bytes that are not a message it knows, or nest too deeply."""


class ConnectionOverError(Exception):
    """A connection ended, was refused or could not be made."""

    def __init__(self, close_reason: CloseReason) -> None:
        super().__init__(close_reason.reason)
        self.close_reason = close_reason


@cache
def network_errors() -> tuple[type[Exception], ...]:
    """Exceptions that mean trouble with the service or the way there."""
    from google.genai import errors
    from websockets import exceptions

    of_http: list[type[Exception]] = [
        getattr(sys.modules[module], name)
        for module, name in HTTP_LIBRARIES.items()
        if module in sys.modules
    ]
    return (errors.APIError, exceptions.WebSocketException, OSError, EOFError, *of_http)


def close_reason_of(error: BaseException, via: str = "") -> CloseReason:
    """Return what an exception of `network_errors` says, as far as it says anything.

    Args:
        error: The exception.
        via: Way to the service, if it is not direct.
    """
    from google.genai import errors
    from websockets import exceptions

    if isinstance(error, exceptions.InvalidStatus):
        body = bytes(error.response.body or b"").decode("utf-8", "replace")
        return http_close_reason(error.response.status_code, _parsed(body), body)
    if isinstance(error, errors.APIError):
        return _of_api_error(error)
    if isinstance(error, exceptions.ConnectionClosed):
        return _of_close_frames(error)
    text = str(error) or type(error).__name__
    way = f", {via}" if via else ""
    return CloseReason(FaultSource.LOCAL, None, f"network: {type(error).__name__}: {text}{way}")


def http_close_reason(status: int | None, details: Any, fallback: str = "") -> CloseReason:
    """Return what an error body says; `details` is the JSON, wrapped in `error` or flat.

    The service refuses in JSON. Where a web page comes with a status that would stop everything, a
    network that wants a login or a filter of a company has answered in its place.
    """
    error = details.get("error", details) if isinstance(details, dict) else {}
    if not isinstance(error, dict):
        error = {}
    words = [str(error.get("message") or fallback)]
    if status in OF_OTHERS or (status in OF_OTHERS_IN_HTML and words[0].lstrip().startswith("<")):
        page = " ".join(re.sub(r"<[^>]*>", " ", words[0])[:MOST_PAGE_CHARS].split())
        reason = f"network: something else answered, with status {status}: {page}"
        return CloseReason(FaultSource.LOCAL, None, reason)
    delay: float | None = None
    more = error.get("details")
    for detail in more if isinstance(more, list) else []:
        if isinstance(detail, dict):
            words += [str(detail["reason"])] if detail.get("reason") else []
            found = re.fullmatch(r"([0-9]{1,9}(\.[0-9]{0,9})?)s", str(detail.get("retryDelay", "")))
            delay = float(found[1]) if found else delay
    code = status if status is not None else error.get("code")
    known = isinstance(code, int) and 0 <= code <= LAST_HTTP_STATUS
    return CloseReason(FaultSource.HTTP, code if known else None, " ".join(words).strip(), delay)


def not_json(error: Exception) -> str:
    """Say what came in place of JSON, by what google-genai raised on it."""
    came = str(getattr(error, "doc", error))
    page = re.search(r"<(!doctype|html|head|body)\b", came, re.IGNORECASE)
    return "no JSON but a web page" if page else "no JSON message"


def _of_api_error(error: Any) -> CloseReason:
    if error.code is not None and FIRST_HTTP_STATUS <= error.code <= LAST_HTTP_STATUS:
        return http_close_reason(error.code, error.details, str(error.details))
    cause = error.__context__
    if error.code == ABNORMAL and getattr(cause, "sent", None) is not None:
        return _of_close_frames(cause)
    reason = error.details if isinstance(error.details, str) else json.dumps(error.details)
    if error.code == ABNORMAL:
        reason = ""
    return CloseReason(FaultSource.CLOSE, error.code, reason)


def _of_close_frames(error: Any) -> CloseReason:
    """A close frame received says why; one only sent says what was wrong on this side."""
    frame = error.rcvd or error.sent
    if frame is None:
        return CloseReason(FaultSource.CLOSE, ABNORMAL, "")
    return CloseReason(FaultSource.CLOSE, frame.code, frame.reason)


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
