"""The REST of Twilio on loopback: it notes what is asked of a call, and does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class ProviderRest:
    """What is asked.

    Attributes:
        url: Where; the option `api_url` of the account.
        asked: Path and fields of each request.
        on_change: Called with the id of a call that gets another program, or is ended: its media
            socket is closed by Twilio then.
    """

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    on_change: Callable[[str], None] = lambda _: None


@contextmanager
def provider_rest() -> Iterator[ProviderRest]:
    """Serve on a free port of the loopback interface."""
    rest = ProviderRest()

    class RestHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            rest.asked.append((self.path, dict(parse_qsl(text))))
            name = self.path.rpartition("/")[2].removesuffix(".json")
            said = b'{"sid": "CA00000000000000000000000000000001"}'
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            rest.on_change(name)

        def log_message(self, *_: object) -> None:
            """What is asked is noted."""

    with ThreadingHTTPServer(("127.0.0.1", 0), RestHandler) as served:
        rest.url = f"http://127.0.0.1:{served.server_port}"
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield rest
        finally:
            served.shutdown()
            thread.join()
