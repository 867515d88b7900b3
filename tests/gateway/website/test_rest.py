from __future__ import annotations

import socket

import pytest
from gateway_client import called, exchanged, gateway_on_stage

from pipeline.frames import SessionEnd, SessionEnded, SessionOpened

PREFIX = "/api/v1/live-audio"


def test_a_session_is_started_listed_and_ended_over_rest() -> None:
    with gateway_on_stage() as gateway:
        body = {"session_id": "s-1", "labels": {"interview_type": "health"}}
        status, started = gateway.request("POST", f"{PREFIX}/session/start", body, opens=True)
        assert (status, started["success"], started["session_id"]) == (200, True, "s-1")

        status, listed = gateway.request("GET", f"{PREFIX}/sessions")
        assert [each["session_id"] for each in listed["sessions"]] == ["s-1"]
        status, one = gateway.request("GET", f"{PREFIX}/session/s-1/status")
        assert (status, one["state"]) == (200, "away")
        assert one["labels"]["interview_type"] == "health"
        assert one["left_s"] == pytest.approx(900, abs=5)

        status, ended = gateway.request("POST", f"{PREFIX}/session/end", {"session_id": "s-1"})
        assert (status, ended["success"]) == (200, True)
        gateway.harness.expect("sessions", SessionEnded)
        gateway.harness.end("s-1", SessionEnd.HUNG_UP, "the caller ended it")
        status, gone = gateway.request("GET", f"{PREFIX}/session/s-1/status")
        assert (status, "is over" in gone["error"]) == (410, True)
        status, gone = gateway.request("POST", f"{PREFIX}/session/end", {"session_id": "s-1"})
        assert status == 410


def test_what_balancers_and_curl_send_is_taken() -> None:
    with gateway_on_stage() as gateway:
        for path, status in (("/healthz", 200), ("/", 200), ("/readyz", 503)):
            url = f"http://{gateway.url}{path}"
            code, text, _ = gateway.meanwhile(lambda url=url: exchanged(url, "HEAD"))
            assert (path, code, text) == (path, status, "")
        # Without a body: all of it may be left out.
        status, started = gateway.request("POST", f"{PREFIX}/session/start", opens=True)
        assert (status, started["success"]) == (200, True)


def test_a_refused_session_is_503_and_says_when_to_ask_again() -> None:
    with gateway_on_stage() as gateway:
        call = gateway.begin(
            lambda: called(f"http://{gateway.url}{PREFIX}/session/start", "POST", {})
        )
        asked = gateway.harness.expect("sessions", SessionOpened)
        gateway.harness.end(asked.session, SessionEnd.REFUSED, "all are busy")
        gateway.harness.until(call.done, "an answer")
        assert call.result() == (503, {"error": "all are busy"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{PREFIX}/session/nobody/status", None, 404),
        ("POST", f"{PREFIX}/session/end", {"session_id": "nobody"}, 404),
        ("POST", f"{PREFIX}/session/end", {}, 400),
        ("POST", f"{PREFIX}/session/start", {"session_id": ""}, 400),
        ("POST", f"{PREFIX}/session/start", {"session_id": "x" * 1000}, 400),
        ("POST", f"{PREFIX}/session/start", {"lasts_s": -1}, 400),
        ("POST", f"{PREFIX}/session/start", {"labels": {"a": {"b": 1}}}, 400),
        ("POST", f"{PREFIX}/session/start", [1], 400),
        ("GET", "/no/such/path", None, 404),
        ("GET", f"{PREFIX}/session/start", None, 405),
    ],
)
def test_a_wrong_call_is_answered_with_its_error(
    method: str, path: str, body: object, status: int
) -> None:
    with gateway_on_stage() as gateway:
        code, answer = gateway.request(method, path, body)
        assert code == status
        assert answer["error"]


def test_health_tells_how_many_callers_there_are() -> None:
    with gateway_on_stage() as gateway:
        assert gateway.request("GET", "/healthz") == (200, {"status": "ok", "callers": 0})
        gateway.request("POST", f"{PREFIX}/session/start", {}, opens=True)
        assert gateway.request("GET", "/healthz")[1]["callers"] == 1


def test_a_body_that_is_too_large_is_refused_before_it_is_there() -> None:
    with gateway_on_stage() as gateway:
        host, port = gateway.url.split(":")

        def send_without_end() -> bytes:
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(
                    b"POST /api/v1/live-audio/session/start HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 50000000\r\n\r\n"
                )
                connection.sendall(b'{"system_instruction": "' + b"x" * 1_000_000)
                return connection.recv(12)

        assert gateway.meanwhile(send_without_end) == b"HTTP/1.1 413"
