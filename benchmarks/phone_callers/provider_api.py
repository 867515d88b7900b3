"""The REST of a telephone provider on loopback, which answers what is wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class ProviderApi:
    """What is asked, and what is answered.

    Attributes:
        url: Where; the option `api_url` of an account.
        answers: Status and body of the first answers, one a request; text as it is, else JSON.
        otherwise: Of all others.
        requests: Method, path and body of each request.
        secrets: Header `Authorization` of each.
        on_answered: Called with the path of each request after its answer.
    """

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    otherwise: tuple[int, Any] = (200, {})
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    on_answered: Callable[[str], None] = lambda _: None


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
            status, answer = api.answers.pop(0) if api.answers else api.otherwise
            text = answer if isinstance(answer, str) else json.dumps(answer)
            said = b"" if answer is None else text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            api.on_answered(self.path)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def do_DELETE(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """What is asked is in `requests`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), ApiHandler) as httpd:
        api.url = f"http://127.0.0.1:{httpd.server_port}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield api
        finally:
            httpd.shutdown()
            thread.join()
