"""The REST of a telephone provider on loopback, which answers what a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class ProviderApi:
    """Answers requests one by one with `answers`, then with 200."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


@contextmanager
def provider_api() -> Iterator[ProviderApi]:
    """Serve on a free port of the loopback interface."""
    api = ProviderApi()

    class ApiHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            is_json = "json" in self.headers.get("Content-Type", "")
            body = json.loads(text) if is_json and text else dict(parse_qsl(text))
            api.secrets.append(self.headers.get("Authorization", ""))
            api.requests.append((self.command, self.path, body))
            status, answer = api.answers.pop(0) if api.answers else (200, {})
            said = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def do_PUT(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Tests look at `requests`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), ApiHandler) as httpd:
        api.url = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield api
        finally:
            httpd.shutdown()
            thread.join()
