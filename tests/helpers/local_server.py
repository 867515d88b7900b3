"""An OpenAI-compatible server on loopback that says what a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def event(text: str) -> str:
    """One piece of an answer, as Ollama and llama.cpp send it."""
    return "data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]})


@dataclass
class LocalServer:
    """`lines` are sent to every request; then the connection stays open if `hangs`."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    status: int = 200
    hangs: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def words(self) -> dict[str, Any]:
        """Option `words` of the device."""
        return {"base_url": f"http://127.0.0.1:{self.port}/v1", "model": "small"}

    def says(self, *pieces: str) -> None:
        """Answer with these pieces of text."""
        self.lines = [*(event(piece) for piece in pieces), "data: [DONE]"]


@contextmanager
def local_server() -> Iterator[LocalServer]:
    """Serve on a free port of the loopback interface."""
    server = LocalServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            server.requests.append({"path": self.path, **json.loads(self.rfile.read(size))})
            self.send_response(server.status)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for line in server.lines:
                self.wfile.write(f"{line}\n\n".encode())
                self.wfile.flush()
            if server.hangs:
                server.released.wait()

        def log_message(self, *_: object) -> None:
            """Tests look at `requests`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            http.shutdown()
            thread.join()
