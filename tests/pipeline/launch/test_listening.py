from __future__ import annotations

import socket

import pytest

from pipeline.errors import ConfigError
from pipeline.launch.listening import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_who_connects_is_heard(host: str) -> None:
    with listen(host, 0) as sock:
        address = sock.getsockname()[:2]
        with socket.create_connection(address, timeout=20) as caller:
            caller.sendall(b"hello")
            sock.settimeout(20)
            connection, _ = sock.accept()
            with connection:
                connection.settimeout(20)
                assert connection.recv(5) == b"hello"


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} .*another port"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:3000"):
        listen("192.0.2.1", 3000)
