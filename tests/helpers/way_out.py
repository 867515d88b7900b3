"""What lies between a machine and the service: a proxy, a network that wants a login."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PIECE = 65_536


@dataclass
class WayOut:
    """A server that answers CONNECT, or every request with `answer`.

    Attributes:
        login: `user:password` that it wants; empty: none.
        answer: Given to everybody in place of a tunnel.
        certificate: With it every connection is TLS.
        leads_to: Where every tunnel leads, in place of where it was asked for.
        asked: What tunnels were asked for.
    """

    login: str = ""
    answer: bytes = b""
    certificate: ssl.SSLContext | None = None
    leads_to: tuple[str, int] | None = None
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def way_out(**how: object) -> Iterator[WayOut]:
    """Serve on a free port of the loopback interface."""
    way = WayOut(**how)  # type: ignore[arg-type]
    listener = socket.create_server(("127.0.0.1", 0))
    way.port = listener.getsockname()[1]
    sockets = [listener]
    threads: list[threading.Thread] = []

    def begin(work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        threads.append(thread)
        thread.start()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            sockets.append(client)
            begin(serve, client)

    def serve(client: socket.socket) -> None:
        if way.certificate is not None:
            client = way.certificate.wrap_socket(client, server_side=True)
            sockets.append(client)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(PIECE)
            if not piece:
                return
            head += piece
        target = head.split()[1].decode()
        way.asked.append(target)
        wanted = b"Proxy-Authorization: Basic " + base64.b64encode(way.login.encode())
        if way.answer:
            client.sendall(way.answer)
        elif way.login and wanted.lower() not in head.lower():
            client.sendall(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
            )
        else:
            host, _, port = target.rpartition(":")
            server = socket.create_connection(way.leads_to or (host.strip("[]"), int(port)))
            sockets.append(server)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            begin(copy, server, client)
            copy(client, server)
            return
        client.close()

    begin(accept)
    try:
        yield way
    finally:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in threads:
            thread.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Until one of them is closed."""
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
