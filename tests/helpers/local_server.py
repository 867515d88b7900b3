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


def calls(name: str, *pieces: str, call_id: str = "c1") -> list[str]:
    """A function call whose arguments come in pieces."""
    first = {"index": 0, "id": call_id, "type": "function"}
    deltas = [{**first, "function": {"name": name, "arguments": ""}}]
    deltas += [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    made = [{"choices": [{"index": 0, "delta": {"tool_calls": [each]}}]} for each in deltas]
    return [*("data: " + json.dumps(each) for each in made), "data: [DONE]"]


def complaint_about(request: dict[str, Any]) -> str:
    """What a strict server refuses a request for; empty: nothing."""
    if not request.get("model") or not request.get("stream"):
        return "model and stream are required"
    asked: set[str] = set()
    roles = [message["role"] for message in request["messages"]]
    if roles[0] != "system" or roles[-1] not in {"user", "tool"}:
        return f"messages are out of order: {roles}"
    for message in request["messages"]:
        if message["role"] == "assistant":
            asked = {each["id"] for each in message.get("tool_calls", [])}
        elif message["role"] == "tool" and message["tool_call_id"] not in asked:
            return f"no call {message['tool_call_id']}"
        if not isinstance(message["content"], str):
            return "content must be a string"
    for tool in request.get("tools", []):
        if tool["type"] != "function" or tool["function"]["parameters"]["type"] != "object":
            return f"no function: {tool}"
    return ""


@dataclass
class LocalServer:
    """`answers` are sent to one request each, `lines` to every other; then the connection stays
    open if `hangs`. A request that no server would take is answered with 400."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    answers: list[list[str]] = field(default_factory=list)
    status: int = 200
    hangs: bool = False
    refuses_tools: bool = False
    """As Ollama does for models that were not made for them."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """The client went away before the end of an answer."""

    @property
    def mind(self) -> dict[str, Any]:
        """Option `mind` of the device."""
        return {"url": f"http://127.0.0.1:{self.port}/v1", "model": "small"}

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
            request = json.loads(self.rfile.read(size))
            server.requests.append({"path": self.path, **request})
            complaint = complaint_about(request)
            if server.refuses_tools and "tools" in request:
                complaint = "small does not support tools"
            lines = server.answers.pop(0) if server.answers else server.lines
            self.send_response(400 if complaint else server.status)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            try:
                for line in [complaint] if complaint else lines:
                    self.wfile.write(f"{line}\n\n".encode())
                    self.wfile.flush()
                while server.hangs and not server.released.wait(0.02):
                    self.wfile.write(b": still thinking\n\n")
                    self.wfile.flush()
            except OSError:
                server.hung_up.set()

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
