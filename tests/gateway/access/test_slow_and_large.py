"""Requests that are slow, large, or nothing at all: each is answered, and none is held."""

from __future__ import annotations

import json
import socket
from itertools import count
from types import SimpleNamespace

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import SESSIONS, START, add_key, ask
from websockets.exceptions import InvalidStatus

HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}\r\n"
MEGABYTE = b"x" * 1_000_000


def exchange(gateway: GatewayOnStage, *pieces: bytes) -> tuple[int, dict[str, object]]:
    """Send everything, and only then read; return status and body of what comes."""

    def talk() -> bytes:
        host, port = gateway.url.split(":")
        answer = b""
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            for piece in pieces:
                connection.sendall(piece)
            while piece := connection.recv(65_536):
                answer += piece
                if b"\r\n\r\n" in answer and answer.endswith(b"}"):
                    break
        return answer

    head, _, body = gateway.meanwhile(talk).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def head(path: str, length: int, more: str = "") -> bytes:
    return HEAD.format(path=path, more=f"Content-Length: {length}\r\n{more}").encode()


def test_a_body_of_50_mb_is_refused_and_who_sends_it_all_learns_why() -> None:
    with gateway_on_stage() as gateway:
        status, told = exchange(gateway, head(START, 50_000_000), *[MEGABYTE] * 50)
        assert (status, "1,000,000 bytes" in str(told["error"])) == (413, True)
        add_key(gateway, "site")
        status, told = exchange(gateway, head(START, 50_000_000), *[MEGABYTE] * 50)
        assert (status, told["code"]) == (401, "no_key")
        assert ask(gateway, "GET", "/healthz")[0] == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", b"G"])
def test_a_head_that_does_not_come_is_not_waited_for(sent: bytes) -> None:
    with gateway_on_stage(limits={"head_s": 0.3}) as gateway:
        status, told = exchange(gateway, sent)
        assert (status, told["code"]) == (408, "request_too_slow")
        assert gateway.harness.actor.counters["refused_request_too_slow"] == 1


def test_the_head_of_the_next_request_is_not_waited_for_either() -> None:
    # Time enough for a busy machine to send the first.
    with gateway_on_stage(limits={"head_s": 1.5}) as gateway:
        host, port = gateway.url.split(":")
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

        def talk() -> list[bytes]:
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(request)
                first = b""
                while not first.endswith(b"}"):
                    first += connection.recv(65_536)
                connection.sendall(request[:10])
                return [first, connection.recv(65_536)]

        first, second = gateway.meanwhile(talk)
        assert first.startswith(b"HTTP/1.1 200")
        assert second.startswith(b"HTTP/1.1 408")


def test_whoever_is_one_too_many_is_told_when_to_come_again() -> None:
    with gateway_on_stage(limits={"connections": 1}) as gateway:
        host, port = gateway.url.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as first:
            first.sendall(b"GET ")
            state = gateway.harness.actor.server.server_state
            gateway.harness.until(lambda: len(state.connections) == 1, "the first")
            code, told, headers = ask(gateway, "GET", "/healthz")
            assert (code, told["code"], headers["retry-after"]) == (503, "too_many_connected", "5")
        gateway.harness.until(lambda: not state.connections, "the first to leave")
        assert ask(gateway, "GET", "/healthz")[0] == 200


def test_a_body_comes_at_the_pace_of_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    late = SimpleNamespace(monotonic=count(0, 30).__next__)
    monkeypatch.setattr("actors.gateway.website.body.time", late)
    with gateway_on_stage(limits={"body_bytes_per_s": 1000}) as gateway:
        status, told = exchange(gateway, head(START, 100), b"{")
        assert (status, "1000 bytes a second" in str(told["error"])) == (408, True)


def test_connections_of_one_address_are_limited_behind_a_proxy_too() -> None:
    options = {"trusted_proxies": ["127.0.0.1"], "anybody": True}
    with gateway_on_stage(limits={"connections_per_address": 1}, **options) as gateway:
        # The first is held by its body, which does not come.
        host, port = gateway.url.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as first:
            first.sendall(head(START, 100, "X-Forwarded-For: 203.0.113.1\r\n"))
            state = gateway.harness.actor.server.server_state
            gateway.harness.until(lambda: bool(state.tasks), "the first request")
            code, told, headers = ask(gateway, "GET", SESSIONS, x_forwarded_for="203.0.113.1")
            assert (code, told["code"]) == (429, "too_many_connections")
            assert headers["retry-after"] == "5"
            assert ask(gateway, "GET", SESSIONS, x_forwarded_for="203.0.113.2")[0] == 200


@pytest.mark.parametrize("path", ["/no/such", "/api/v1/live-audio/no/such", "/api", "/%00", "//x"])
def test_unknown_paths_are_told_to_be_so(path: str) -> None:
    with gateway_on_stage() as gateway:
        code, told, _ = ask(gateway, "GET", path)
        assert code == 404
        assert told["error"]
        add_key(gateway, "site")
        assert ask(gateway, "GET", path)[0] == 401


@pytest.mark.parametrize("path", ["/no/such", SESSIONS, "/healthz", "/ws"])
def test_a_websocket_where_there_is_none_is_told_where_there_is_one(path: str) -> None:
    with gateway_on_stage() as gateway:
        with pytest.raises(InvalidStatus) as refused:
            gateway.connect(path)
        response = refused.value.response
        assert response.status_code == 404
        assert "/ws/live-audio" in json.loads(response.body or b"")["error"]
