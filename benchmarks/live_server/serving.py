"""The server's side of its process: a TLS socket, commands on its input, a journal at its end."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Protocol

from actors.simulator.certificates import make_certificates
from benchmarks.live_server.process import ADDRESS_NAME, JOURNAL_NAME
from benchmarks.live_server.socket import LiveSocket

CONNECTIONS_WAITING = 1024
"""Clients that connect at the same moment; a crowd of a hundred does."""


class LiveServer(Protocol):
    """One kind of conversation."""

    key: str
    """What a client that may come has for an API key."""

    def connection(self) -> LiveSocket:
        """Return what serves a new connection."""

    def command(self, line: str) -> None:
        """Do what the benchmark asks for."""

    def journal(self) -> Any:
        """Return what came, as plain values for JSON."""


async def serve(server: LiveServer, folder: Path) -> None:
    """Serve until the input ends; the address and then the journal are files in `folder`."""
    certificates = make_certificates(folder)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        server.connection, "127.0.0.1", ssl=certificates.trusted, backlog=CONNECTIONS_WAITING
    )
    address = {
        "base_url": f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}",
        "ca_file": str(certificates.authority),
        "api_key": server.key,
    }
    (folder / ADDRESS_NAME).write_text(json.dumps(address))
    print("listening", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        server.command(line.strip())
    listening.close()
    (folder / JOURNAL_NAME).write_text(json.dumps(server.journal()))
