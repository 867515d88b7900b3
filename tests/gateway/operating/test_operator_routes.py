"""What the operator is answered, and that nobody else is."""

from __future__ import annotations

import io
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage

from pipeline.frames import SessionEnd, SessionEnded, Side, Transcript
from pipeline.logs import configure

PREFIX = "/api/v1/operator"
START = "/api/v1/live-audio/session/start"
NAME = "a/b ü?#"
"""Names are the clients' own."""


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage() as served:
        yield served


def asked(
    gateway: GatewayOnStage,
    path: str,
    body: object = None,
    method: str | None = None,
    **headers: str,
) -> tuple[int, str]:
    """Ask with headers, `_` for `-`; return status and text."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()

    def ask() -> tuple[int, str]:
        request = urllib.request.Request(f"http://{gateway.url}{path}", data, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return gateway.meanwhile(ask)


def test_the_operator_sees_a_session_whatever_its_name_and_ends_it(
    gateway: GatewayOnStage,
) -> None:
    gateway.request("POST", START, {"session_id": NAME, "labels": {"room": "7"}}, opens=True)
    words = Transcript(
        session=NAME,
        turn="t",
        side=Side.USER,
        text="Good morning",
        final=True,
        backend="live",
        epoch=1,
    )
    gateway.harness.send("transcript", words)
    status, listed = gateway.request("GET", f"{PREFIX}/sessions")
    assert status == 200
    (row,) = listed["sessions"]
    assert (row["session_id"], row["state"]) == (NAME, "away")
    assert row["labels"]["room"] == "7"
    path = f"{PREFIX}/session/{urllib.parse.quote(NAME, safe='')}"
    status, one = gateway.request("GET", path)
    assert (status, one["words"]) == (200, [{"role": "user", "text": "Good morning"}])
    status, ended = gateway.request("POST", f"{PREFIX}/session/end", {"session_id": NAME})
    assert (status, ended["success"]) == (200, True)
    told = gateway.harness.expect("sessions", SessionEnded)
    assert (told.session, told.reason) == (NAME, SessionEnd.OPERATOR)
    gateway.harness.end(NAME, SessionEnd.OPERATOR, told.detail)
    status, listed = gateway.request("GET", f"{PREFIX}/sessions")
    assert listed["sessions"] == []
    assert listed["ended"][0]["detail"] == "the operator ended it"
    assert gateway.request("GET", path)[1]["state"] == "ended"
    assert gateway.request("POST", f"{PREFIX}/session/end", {"session_id": NAME})[0] == 410
    assert gateway.request("GET", f"{PREFIX}/session/nobody")[0] == 404


ASKED = [
    ("GET", "/metrics", None),
    ("GET", f"{PREFIX}/sessions", None),
    ("POST", f"{PREFIX}/session/end", {}),
    ("DELETE", f"{PREFIX}/session/anna", None),
    ("DELETE", f"{PREFIX}/sessions?label=a=b", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
def test_nobody_else_is_answered(
    gateway: GatewayOnStage, method: str, path: str, body: object
) -> None:
    """Neither who comes through a proxy, nor another site's page, nor who may only talk."""
    minted = gateway.request("POST", "/api/v1/live-audio/token", {})[1]
    refused = {
        "proxy": {"X_Forwarded_For": "10.0.0.7"},
        "site": {"Origin": "https://evil.example"},
        "name": {"Host": "evil.example"},
        "token": {"Authorization": f"Bearer {minted['token']}"},
    }
    for who, headers in refused.items():
        status, text = asked(gateway, path, body, method, **headers)
        assert status in (401, 403, 421), who
        assert "error" in json.loads(text)
    assert asked(gateway, path, body, method)[0] in (200, 400)


def test_metrics_are_scraped(gateway: GatewayOnStage) -> None:
    gateway.request("POST", START, {"session_id": "anna"}, opens=True)
    asked(gateway, "/metrics", X_Forwarded_For="10.0.0.7")
    status, text = asked(gateway, "/metrics")
    assert status == 200
    lines = text.splitlines()
    assert 'greenroom_gateway_callers{state="away"} 1.0' in lines
    assert "greenroom_gateway_sessions_opened_total 1.0" in lines
    assert 'greenroom_gateway_requests_total{kind="http",status="200"} 1.0' in lines
    assert 'greenroom_gateway_connections{kind="http"} 1.0' in lines
    assert any(line.startswith("greenroom_gateway_refused_total{") for line in lines)
    assert "anna" not in text


def test_the_page_is_served_and_its_files_too(gateway: GatewayOnStage) -> None:
    status, page = asked(gateway, "/operator")
    assert status == 200
    for name in ("page.css", "operator.css", "operator.js"):
        assert f"page/{name}" in page
        assert asked(gateway, f"/page/{name}")[0] == 200


@pytest.mark.parametrize("wanted", [True, False])
def test_the_access_log_has_a_line_for_each_request_and_no_secret(wanted: bool) -> None:
    written = io.StringIO()
    configure(written)
    try:
        with gateway_on_stage(access_log=wanted) as gateway:
            asked(gateway, "/api/v1/live-audio/sessions?token=a-secret", X_API_Key="a-secret")
            client = gateway.connect("/ws/live-audio?audio=binary&token=a-secret")
            gateway.meanwhile(client.close)
    finally:
        configure()
    lines = [line for line in written.getvalue().splitlines() if " access " in line]
    assert [bool(re.search("status=(200|101)", line)) for line in lines] == [True] * 2 * wanted
    assert "secret" not in written.getvalue()
