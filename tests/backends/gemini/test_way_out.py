"""The service behind a proxy, a proxy that cannot be used, and a network that wants a login."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
from live_server import KEY, ready, simulator, staged
from way_out import way_out

from actors.backends.gemini.close_reason import http_close_reason
from actors.backends.gemini.faults import classify
from actors.backends.gemini.http import Http
from actors.cli.models import models_command
from pipeline.errors import GreenroomError
from pipeline.frames import BackendState, BackendStatus, Fault, FaultClass
from pipeline.testing import stage

FAST = {"connect": {"first_s": 0.02, "max_s": 0.1}, "setup_timeout_s": 5.0, "close_timeout_s": 0.2}
NAME = "gemini.invalid"
"""No resolver knows it (RFC 6761): only the proxy can reach it."""
PAGE = b"<!DOCTYPE html><html><body>Log in to the network of the hotel</body></html>"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def response(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
    return head.encode() + body


@pytest.mark.parametrize("login", ["", "user:a pass@word"])
def test_live_and_http_reach_the_service_by_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    with simulator(tmp_path, certificate_names=[NAME]) as server:
        port = int(server.server.base_url.rpartition(":")[2].strip("/"))
        with way_out(login=login, leads_to=("127.0.0.1", port)) as way:
            at = f"{login.replace(' ', '%20').replace('s@', 's%40')}@" if login else ""
            monkeypatch.setenv("https_proxy", f"http://{at}{way.address}")
            address = {**server.address, "base_url": f"https://{NAME}:{port}"}
            with staged(tmp_path, **FAST, **address) as live:
                ready(live)
            assert way.asked == [f"{NAME}:{port}"] * 2, "the list of models and the socket"
            with stage(Http, connected={"audio"}, **address) as http:
                http.expect("status", BackendStatus, is_ready)
            assert len(way.asked) == 3


def is_ready(status: BackendStatus) -> bool:
    return status.state is BackendState.READY


def faults(folder: Path, **options: Any) -> list[Fault]:
    """The first fault of `live` and of `http`."""
    with staged(folder, **FAST, **options) as live:
        first = live.expect("faults", Fault)
    with stage(Http, connected={"audio"}, attempts=1, **options) as http:
        return [first, http.expect("faults", Fault)]


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:very-secret@127.0.0.1:9")
    for fault in faults(tmp_path, base_url=f"https://{NAME}"):
        assert (fault.fault, fault.retry) == (FaultClass.NETWORK, True)
        assert "by the proxy http://127.0.0.1:9 of HTTPS_PROXY" in fault.reason
        assert "very-secret" not in str(fault)


def test_a_wrong_login_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with way_out(login="user:right") as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:wrong-one@{way.address}")
        for fault in faults(tmp_path, base_url=f"https://{NAME}"):
            assert fault.fault is FaultClass.NETWORK
            assert "407" in fault.reason
            assert way.address in fault.reason
            assert "wrong-one" not in str(fault)


def test_a_proxy_that_cannot_be_used_is_one_fault_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    for fault in faults(tmp_path):
        assert (fault.fault, fault.retry) == (FaultClass.NETWORK, False)
        assert "the proxy socks5://127.0.0.1:9 of ALL_PROXY cannot be used" in fault.reason
    with simulator(tmp_path) as server, staged(tmp_path, **FAST, **server.address) as live:
        ready(live)


def test_the_list_of_models_is_asked_for_by_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, complaint in (
        ("http://user:very-secret@127.0.0.1:9", "by the proxy http://127.0.0.1:9 of HTTPS_PROXY"),
        ("socks5://127.0.0.1:9", "the proxy socks5://127.0.0.1:9 of HTTPS_PROXY cannot be used"),
    ):
        monkeypatch.setenv("HTTPS_PROXY", value)
        with pytest.raises(GreenroomError, match=complaint) as refused:
            models_command()
        assert "very-secret" not in str(refused.value)


def test_the_sdk_is_imported_whatever_the_variables_say() -> None:
    bad = {"ALL_PROXY": "socks5://127.0.0.1:9", "HTTPS_PROXY": "http://[", "no_proxy": "]"}
    code = "import actors.backends.gemini.sdk"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={**os.environ, **bad},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


PAGES = [
    response("200 OK", PAGE, "Content-Type: text/html"),
    response("403 Forbidden", PAGE, "Content-Type: text/html"),
    response("511 Network Authentication Required", PAGE, "Content-Type: text/html"),
]


@pytest.mark.parametrize("page", PAGES)
def test_a_network_that_wants_a_login_is_no_bad_key(tmp_path: Path, page: bytes) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with way_out(answer=page, certificate=context) as way:
        address = {"base_url": f"https://{way.address}", "ca_file": str(tmp_path / "ca.pem")}
        for fault in faults(tmp_path, **address):
            assert fault.fault is FaultClass.NETWORK
            assert fault.retry
            assert "login" in fault.advice


def test_a_redirected_or_replaced_handshake_is_no_refusal_of_the_service() -> None:
    for status in (200, 302, 403, 511):
        reason = http_close_reason(status, None, PAGE.decode())
        assert classify(reason).fault is FaultClass.NETWORK
        assert "Log in to the network of the hotel" in reason.reason
    denied = {"error": {"code": 403, "message": "Method doesn't allow unregistered callers"}}
    assert classify(http_close_reason(403, denied)).fault is FaultClass.AUTH
    assert classify(http_close_reason(404, None, PAGE.decode())).fault is FaultClass.BAD_REQUEST
    assert classify(http_close_reason(502, None, PAGE.decode())).fault is FaultClass.TRANSIENT
