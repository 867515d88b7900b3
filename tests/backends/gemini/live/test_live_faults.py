"""Every row of the published close reasons, and what this client makes of it."""

import asyncio
import json

import pytest
from google.genai import Client
from google.genai.live import AsyncSession

from actors.backends.fault_info import FaultAction
from actors.backends.gemini.close_reason import (
    ConnectionOverError,
    close_reason_of,
    http_close_reason,
)
from actors.backends.gemini.faults import CloseReason, FaultSource, classify
from actors.backends.gemini.live.last_frame import LastFrame
from pipeline.frames import FaultClass
from pipeline.logs import add_secret

QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. "
    "For more information on this error, head to: h"
)
MODEL = (
    "models/gemini-2.0-flash-exp is not found for API version v1beta, or is not supported "
    "for bidiGenerateContent. Call ListMod"
)
FIELD = "Invalid JSON payload received. Unknown name \"proactivity\" at 'setup': Cannot find field."

CLOSES = [
    (1000, "The operation was cancelled.", "session_end", "resume"),
    (1000, "", "network", "back_off"),
    (1006, "", "network", "back_off"),
    (1006, "no close frame received or sent", "network", "back_off"),
    (1007, "API key not valid. Please pass a valid API key.", "auth", "stop"),
    (1007, "API key expired. Please renew the API key.", "auth", "stop"),
    (1007, "User location is not supported for the API use.", "policy", "stop"),
    (1007, "Request contains an invalid argument.", "bad_request", "fresh_once"),
    (1007, FIELD, "bad_request", "stop"),
    (1007, "Thinking level is not supported for this model", "bad_request", "leave_out"),
    (
        1007,
        "The requested combination of response modalities (TEXT) is not supported by the model",
        "bad_request",
        "stop",
    ),
    (1007, "No matching speaker voice found for name: alloy", "bad_request", "leave_out"),
    (
        1007,
        "Explicit activity control is not supported when automatic activity detection is enabled.",
        "bad_request",
        "fresh_once",
    ),
    (
        1007,
        "the system instruction has 94 tokens, user system instruction has 41942 tokens",
        "context",
        "stop",
    ),
    (1007, "Invalid session handle", "handle", "fresh"),
    (1008, "BidiGenerateContent session not found", "handle", "fresh"),
    (1008, "Requested entity was not found.", "handle", "fresh_once"),
    (1008, MODEL, "model", "stop"),
    (1008, "Your project has been denied access. Please contact support.", "auth", "stop"),
    (1008, "Your API key was reported as leaked. Please use another API key.", "auth", "stop"),
    (
        1008,
        "Connection aborted because the client failed to close the connection after receiving a "
        "GoAway",
        "session_end",
        "resume",
    ),
    (1008, "The operation was aborted.", "session_end", "resume"),
    (
        1008,
        "Operation is not implemented, or supported, or enabled.",
        "transient",
        "fresh",
    ),
    (1011, QUOTA, "quota", "cool_down"),
    (1011, "Resource has been exhausted (e.g. check quota).", "quota", "cool_down"),
    (1011, "Your prepayment credits are depleted.", "billing", "stop"),
    (1011, "Internal error encountered.", "transient", "back_off"),
    (1011, "The service is currently unavailable.", "transient", "back_off"),
    (
        1011,
        "Request trace id: f102afa6f090070d, [ORIGINAL ERROR] generic::resource_exhausted: "
        "RESOURCE_EXHAUSTED: Maximum concurrent se",
        "concurrency",
        "cool_down",
    ),
    (1011, "Deadline expired before operation could complete.", "session_end", "resume"),
    (1011, "keepalive ping timeout", "network", "back_off"),
    (1011, "Something nobody has seen before.", "unknown", "back_off"),
    (1007, "Something nobody has seen before.", "unknown", "back_off"),
    (1008, "", "unknown", "back_off"),
    (4321, "", "unknown", "back_off"),
]


@pytest.mark.parametrize(("code", "reason", "fault", "action"), CLOSES)
def test_close_is_classified_by_code_and_text(
    code: int, reason: str, fault: str, action: str
) -> None:
    verdict = classify(CloseReason(FaultSource.CLOSE, code, reason[:123]))
    assert (verdict.fault, verdict.action) == (FaultClass(fault), FaultAction(action))
    assert verdict.code == code


HTTP = [
    (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", "auth"),
    (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", "bad_request"),
    (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "auth"),
    (403, "PERMISSION_DENIED", "Your project has been denied access.", "auth"),
    (404, "NOT_FOUND", "models/x is not found for API version v1.", "model"),
    (404, "NOT_FOUND", "Not found.", "bad_request"),
    (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", "quota"),
    (429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", "billing"),
    (500, "INTERNAL", "Internal error encountered.", "transient"),
    (503, "UNAVAILABLE", "The service is currently unavailable.", "transient"),
    (418, "", "I am a teapot.", "unknown"),
]


@pytest.mark.parametrize(("status", "name", "message", "fault"), HTTP)
def test_http_error_is_classified_by_status_and_text(
    status: int, name: str, message: str, fault: str
) -> None:
    body = {"error": {"code": status, "status": name, "message": message}}
    assert classify(http_close_reason(status, body)).fault == FaultClass(fault)


def test_bad_key_is_recognised_by_its_error_reason() -> None:
    body = {"error": {"code": 400, "message": "No.", "details": [{"reason": "API_KEY_INVALID"}]}}
    assert classify(http_close_reason(400, body)).fault is FaultClass.AUTH


def test_retry_delay_of_the_server_is_kept_when_longer_than_ours() -> None:
    body = {"error": {"code": 429, "message": "quota", "details": [{"retryDelay": "90s"}]}}
    assert classify(http_close_reason(429, body)).retry_after_s == 90
    body["error"]["details"] = [{"retryDelay": "7s"}]
    assert classify(http_close_reason(429, body)).retry_after_s == 60


def test_key_in_a_reason_is_blanked() -> None:
    add_secret("very-secret-key")
    verdict = classify(CloseReason(FaultSource.CLOSE, 1007, "bad key very-secret-key"))
    assert "very-secret-key" not in str(verdict)


def api_error(code: int, reason: str, *, rcvd: bool, sent_code: int, sent_reason: str) -> Exception:
    """As google-genai raises it: with the close of websockets as its context."""
    from google.genai import errors
    from websockets.exceptions import ConnectionClosedError
    from websockets.frames import Close

    sent = Close(sent_code, sent_reason)
    try:
        try:
            raise ConnectionClosedError(
                Close(code, reason) if rcvd else None, sent, True if rcvd else None
            )
        except ConnectionClosedError:
            errors.APIError.raise_error(code, reason, None)  # type: ignore[no-untyped-call]
    except errors.APIError as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_broken_connection_is_told_with_its_class_once() -> None:
    verdict = classify(close_reason_of(ConnectionRefusedError("refused")))
    assert str(verdict) == "network: ConnectionRefusedError: refused"


def test_text_of_a_close_is_found_in_the_details() -> None:
    error = api_error(1011, QUOTA, rcvd=True, sent_code=1011, sent_reason=QUOTA)
    assert classify(close_reason_of(error)).fault is FaultClass.QUOTA


@pytest.mark.parametrize(
    ("sent_code", "sent_reason", "fault"),
    [
        (1011, "keepalive ping timeout", FaultClass.NETWORK),
        (1009, "frame exceeds limit", FaultClass.BAD_REQUEST),
    ],
)
def test_local_close_hidden_behind_1006_is_found(
    sent_code: int, sent_reason: str, fault: FaultClass
) -> None:
    error = api_error(1006, "abnormal", rcvd=False, sent_code=sent_code, sent_reason=sent_reason)
    closing = close_reason_of(error)
    assert closing.code == sent_code
    assert classify(closing).fault is fault


def test_refused_handshake_is_read_from_status_and_body() -> None:
    from websockets.datastructures import Headers
    from websockets.exceptions import InvalidStatus
    from websockets.http11 import Response

    body = b'{"error": {"code": 429, "message": "You exceeded your current quota"}}'
    closing = close_reason_of(InvalidStatus(Response(429, "Too Many", Headers(), body)))
    assert (closing.source, closing.code) == (FaultSource.HTTP, 429)
    assert classify(closing).fault is FaultClass.QUOTA


def test_system_errors_are_network_faults() -> None:
    for error in (ConnectionRefusedError(111, "refused"), OSError("no route"), EOFError()):
        assert classify(close_reason_of(error)).fault is FaultClass.NETWORK


class Socket:
    """Has these frames to give."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = iter(frames)

    async def recv(self, *, decode: bool = True) -> bytes:
        assert not decode
        return next(self._frames)


def test_what_came_last_is_none_if_it_is_no_json_object() -> None:
    for frame in (b"", b"{", b"\xff\xfe", b"[1]"):
        last = LastFrame(Socket([frame]))  # type: ignore[arg-type]
        assert asyncio.run(last.recv(decode=False)) == frame
        assert last.parsed() is None


def test_error_message_that_the_sdk_cannot_read_is_recovered() -> None:
    response = {"error": {"code": 503, "message": "The service is currently unavailable."}}
    last = LastFrame(Socket([json.dumps(response).encode()]))  # type: ignore[arg-type]
    session = AsyncSession(Client(api_key="none")._api_client, last)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        asyncio.run(session._receive())
    assert last.parsed() == response
    verdict = classify(http_close_reason(None, response))
    assert (verdict.fault, verdict.code) == (FaultClass.TRANSIENT, 503)


def test_connection_over_error_shows_its_reason() -> None:
    assert str(ConnectionOverError(CloseReason(FaultSource.CLOSE, 1000, "done"))) == "done"
