"""Whatever comes over HTTP is answered or refused: nothing raises inside, and soon."""

import json
from collections import Counter

import pytest
from raw_http import connect
from simulating import Scripted
from wire_fuzz import Fuzz

from actors.backends.gemini.wire import Invalid, parse_json
from actors.backends.gemini.wire.http_error import HttpError
from actors.simulator.brain import Pictures
from actors.simulator.capabilities import capabilities
from actors.simulator.content_request import ContentRequest
from actors.simulator.reply import make_reply
from actors.simulator.structured import instance

MESSAGES = 4_000
SENT = 300


@pytest.mark.parametrize("family", ["text-3", "text-2.5"])
def test_any_request_is_answered_or_refused(family: str) -> None:
    fuzz, table = Fuzz(1), capabilities()
    model = table.named("gemini-3.8-flash")
    assert model is not None
    outcomes: Counter[str] = Counter()
    for number in range(MESSAGES):
        body = json.dumps(fuzz.message("GenerateContentRequest")).encode()
        try:
            request = ContentRequest.parse(parse_json(body), model, table.http_families[family])
            make_reply(request, "go forward", Pictures(), [], number)
            outcomes["answered"] += 1
        except (Invalid, HttpError):
            outcomes["refused"] += 1
    assert min(outcomes["answered"], outcomes["refused"]) > MESSAGES / 100, outcomes


def test_any_schema_has_an_answer_of_bounded_size() -> None:
    fuzz = Fuzz(2)
    for _ in range(MESSAGES):
        schema = fuzz.json_schema()
        if isinstance(schema, dict):
            assert len(json.dumps(instance(schema, "text", "I am 42"))) < 10_000_000


def test_any_body_gets_an_answer_over_the_wire(scripted: Scripted) -> None:
    """A fault inside closes the connection, and is in the journal when the simulator stops."""
    fuzz = Fuzz(3)
    connection = connect(scripted())
    headers = {"x-goog-api-key": "k", "Content-Type": "application/json"}
    statuses: Counter[int] = Counter()
    kinds = ["generateContent", "streamGenerateContent", "countTokens"]
    for number in range(SENT):
        name = "CountTokensRequest" if number % 3 == 2 else "GenerateContentRequest"
        path = f"/v1beta/models/gemini-3.8-flash:{kinds[number % 3]}"
        connection.request("POST", path, json.dumps(fuzz.message(name)), headers)
        response = connection.getresponse()
        response.read()
        statuses[response.status] += 1
    connection.close()
    assert statuses.keys() <= {200, 400, 403, 501}
    assert statuses[200] > 5
