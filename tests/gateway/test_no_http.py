"""Somebody speaks TLS, or nothing known, to a gateway without a certificate."""

from __future__ import annotations

import io
import socket

from gateway_client import gateway_on_stage

from pipeline.logs import configure

HELLO = bytes.fromhex("160301 0005 010000 01ff")
"""As a client of TLS begins."""


def test_what_is_no_http_is_one_line_of_the_log() -> None:
    written = io.StringIO()
    configure(written, actor="gateway")
    with gateway_on_stage() as gateway:
        host, port = gateway.url.split(":")

        def greet() -> bytes:
            with socket.create_connection((host, int(port)), timeout=20) as client:
                client.sendall(HELLO)
                return client.recv(1000)

        assert b"400 Bad Request" in gateway.meanwhile(greet)
    (line,) = [line for line in written.getvalue().splitlines() if "Invalid HTTP" in line]
    assert "[warning  ] Invalid HTTP request received." in line
    assert "actor=gateway" in line.split()
    assert "Traceback" not in written.getvalue()
