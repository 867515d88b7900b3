"""What browsers, proxies, curl and health checks need of the HTTP side of the simulator."""

import json
import socket

import pytest
from raw_http import HELLO, ORIGIN, TEXT_MODEL, connect, generate, request
from simulating import Scripted

from actors.simulator.http_messages import MAX_BODY_BYTES

GENERATE = f"/v1beta/models/{TEXT_MODEL}:generateContent"
STREAM = f"/v1beta/models/{TEXT_MODEL}:streamGenerateContent"


def test_preflight_of_a_page_is_allowed_without_a_key(scripted: Scripted) -> None:
    simulator = scripted()
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-goog-api-key",
        "x-goog-api-key": "",
    }
    reply = request(simulator, "OPTIONS", GENERATE, headers=asked)
    assert reply.status == 200
    assert reply.body == b""
    assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    assert reply.headers["Access-Control-Allow-Headers"] == "content-type,x-goog-api-key"


@pytest.mark.parametrize(
    ("path", "status"), [(GENERATE, 200), (f"{STREAM}?alt=sse", 200), ("/v1beta/nothing", 404)]
)
def test_pages_may_read_answers_and_errors(scripted: Scripted, path: str, status: int) -> None:
    reply = request(scripted(), "POST", path, HELLO, {"Origin": ORIGIN})
    assert reply.status == status
    assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_who_is_no_page_is_told_of_no_origin(scripted: Scripted) -> None:
    reply = request(scripted(), "POST", GENERATE, HELLO)
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_head_is_answered_as_get_without_the_body(scripted: Scripted) -> None:
    simulator = scripted()
    reply = request(simulator, "HEAD", "/v1beta/models")
    whole = request(simulator, "GET", "/v1beta/models")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["Content-Length"] == str(len(whole.body))
    assert simulator.journal.faults == []


def test_stream_without_alt_sse_is_a_json_array(scripted: Scripted) -> None:
    reply = request(scripted(), "POST", STREAM, HELLO)
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.body.endswith(b"]")
    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in reply.json]
    assert len(texts) > 1
    assert "".join(texts) == "You said: Hello there, how are you?"


@pytest.mark.parametrize("query", ["", "?alt=sse"])
def test_every_chunk_of_a_stream_counts_tokens(scripted: Scripted, query: str) -> None:
    reply = request(scripted(), "POST", STREAM + query, HELLO)
    if query:
        lines = reply.body.decode().split("\r\n")
        chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    else:
        chunks = reply.json
    counts = [chunk["usageMetadata"] for chunk in chunks]
    assert len(counts) > 1
    assert all(count["promptTokenCount"] == counts[0]["promptTokenCount"] > 0 for count in counts)
    said = [count.get("candidatesTokenCount", 0) for count in counts]
    assert said == sorted(said)
    assert said[-1] > said[0]


def test_error_of_a_stream_has_the_form_of_the_stream(scripted: Scripted) -> None:
    simulator = scripted()
    path = "/v1beta/models/gemini-9:streamGenerateContent"
    assert request(simulator, "POST", path, HELLO).json[0]["error"]["code"] == 404
    assert request(simulator, "POST", f"{path}?alt=sse", HELLO).json["error"]["code"] == 404


def test_body_over_the_limit_is_refused_with_the_limit(scripted: Scripted) -> None:
    reply = request(scripted(), "POST", GENERATE, b" " * (MAX_BODY_BYTES + 1))
    assert reply.status == 400
    message = "Request payload size exceeds the limit: 104857600 bytes."
    assert reply.json["error"]["message"] == message


@pytest.mark.parametrize(
    ("announced", "first_line"),
    [(2, b"HTTP/1.1 100 "), (MAX_BODY_BYTES + 1, b"HTTP/1.1 400 ")],
)
def test_client_that_asks_before_it_sends_is_told_at_once(
    scripted: Scripted, announced: int, first_line: bytes
) -> None:
    connection = connect(scripted())
    connection.connect()
    raw: socket.socket = connection.sock
    raw.sendall(
        f"POST {GENERATE} HTTP/1.1\r\nHost: simulator\r\nx-goog-api-key: k\r\n"
        f"Expect: 100-continue\r\nContent-Length: {announced}\r\n\r\n".encode()
    )
    assert raw.recv(4096).startswith(first_line)
    if announced == 2:
        raw.sendall(b"{}")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")
    connection.close()


@pytest.mark.parametrize(
    ("verb", "path", "method"),
    [
        ("POST", "/upload/v1beta/fileSearchStores", "fileSearchStores.upload"),
        ("GET", "/v1beta/tunedModels", "tunedModels.list"),
        ("DELETE", "/v1beta/cachedContents/abc", "cachedContents.delete"),
        ("POST", "/v1beta/cachedContents", "cachedContents.create"),
        ("PATCH", "/v1beta/cachedContents/abc", "cachedContents.patch"),
        ("GET", "/v1beta/batches", "batches.list"),
        ("POST", "/v1beta/interactions", "interactions.create"),
        ("POST", "/v1beta/openai/chat/completions", "openai.chat.completions"),
        ("POST", "/v1beta/models/gemini-embedding-001:predict", "predict"),
        ("POST", "/v1beta/models/veo:predictLongRunning", "predictLongRunning"),
    ],
)
def test_what_is_not_simulated_says_so_and_is_in_the_journal(
    scripted: Scripted, verb: str, path: str, method: str
) -> None:
    simulator = scripted()
    reply = request(simulator, verb, path, {} if verb == "POST" else None)
    assert reply.status == 501
    error = reply.json["error"]
    assert error["status"] == "UNIMPLEMENTED"
    assert error["message"].startswith(f"The simulator has no {method}")
    (record,) = simulator.journal.requests
    assert (record.method, record.status) == (method, 501)


def test_what_the_service_has_not_either_is_not_found(scripted: Scripted) -> None:
    simulator = scripted()
    for path in ("/v1beta/nonsense", "/", "/v9/models", "/v1beta/models/a/b"):
        assert request(simulator, "GET", path).status == 404
    assert [r.method for r in simulator.journal.requests][:2] == ["GET /v1beta/nonsense", "GET /"]


def test_scenario_answers_what_is_not_simulated(scripted: Scripted) -> None:
    simulator = scripted({"when": {"http": "any"}, "do": [{"refuse": "unavailable"}]})
    assert request(simulator, "GET", "/v1beta/files").status == 503


def test_bytes_that_are_no_json_are_refused(scripted: Scripted) -> None:
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        reply = request(scripted(), "POST", GENERATE, body)
        assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert generate(scripted(), HELLO).status == 200


TWO_HOSTS = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"


@pytest.mark.parametrize("data", [b"no HTTP at all\r\n\r\n", TWO_HOSTS, b"\0" * 100])
def test_bytes_that_are_no_http_get_a_bad_request(scripted: Scripted, data: bytes) -> None:
    connection = connect(scripted())
    connection.connect()
    raw: socket.socket = connection.sock
    raw.sendall(data)
    assert raw.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert raw.recv(4096) == b""
    connection.close()
