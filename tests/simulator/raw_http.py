"""Requests over HTTP as bytes, for what no SDK sends and every SDK relies on."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulating import RunningSimulator

TEXT_MODEL = "gemini-3.8-flash"
ORIGIN = "http://localhost:3000"
HELLO = {"contents": [{"role": "user", "parts": [{"text": "Hello there, how are you?"}]}]}


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def connect(simulator: RunningSimulator) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(simulator.server.authority_file))
    address = urlsplit(simulator.server.base_url).netloc
    return http.client.HTTPSConnection(address, context=context, timeout=20)


def request(
    simulator: RunningSimulator,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Sends one request with a key; a body that is not bytes goes as JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"x-goog-api-key": "any-key", "Content-Type": "application/json", **(headers or {})}
    connection = connect(simulator)
    try:
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def generate(
    simulator: RunningSimulator, body: Any, model: str = TEXT_MODEL, method: str = "generateContent"
) -> Reply:
    """Asks a model."""
    return request(simulator, "POST", f"/v1beta/models/{model}:{method}", body)


def text_of(reply: Reply) -> str:
    """The text of the first candidate."""
    assert reply.status == 200, reply.body
    parts = reply.json["candidates"][0]["content"]["parts"]
    return "".join(part.get("text", "") for part in parts)
