"""Whatever is asked over HTTP is a turn or refused in words: nothing raises inside."""

from __future__ import annotations

import json
from collections import Counter

from wire_fuzz import Fuzz

from actors.backends.gemini.wire import Invalid, parse_json
from actors.backends.gemini.wire.http_error import HttpError
from actors.gateway.errors import CallerError
from actors.gateway.gemini.asked_turn import parse_turn
from actors.gateway.gemini.token_count import count_tokens
from actors.gateway.options import GatewayOptions
from pipeline.frames import UserText
from pipeline.frames.wire import encode
from pipeline.sessions.refusal import refusal

MESSAGES = 3_000


def test_any_request_is_a_turn_or_refused() -> None:
    fuzz, options = Fuzz(4), GatewayOptions()
    outcomes: Counter[str] = Counter()
    for _ in range(MESSAGES):
        body = parse_json(json.dumps(fuzz.message("GenerateContentRequest")).encode())
        try:
            asked = parse_turn(body, "gemini-3.8-flash", "v1beta", options)
        except (Invalid, HttpError, CallerError):
            outcomes["refused"] += 1
            continue
        outcomes["asked"] += 1
        opened = asked.manner.model_copy(update={"session": "content-1"})
        assert not refusal(opened)
        encode(opened, seq=0, boot=0, sent_ns=0)
        if asked.whole_text:
            UserText(session="content-1", turn="t", text=asked.whole_text)
    assert min(outcomes["asked"], outcomes["refused"]) > MESSAGES / 100, outcomes


def test_any_count_is_given_or_refused() -> None:
    fuzz = Fuzz(5)
    outcomes: Counter[str] = Counter()
    for _ in range(MESSAGES):
        body = parse_json(json.dumps(fuzz.message("CountTokensRequest")).encode())
        try:
            outcomes["counted"] += count_tokens(body, "v1beta")["totalTokens"] >= 0
        except Invalid:
            outcomes["refused"] += 1
    assert min(outcomes["counted"], outcomes["refused"]) > MESSAGES / 100, outcomes
