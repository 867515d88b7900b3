"""The gateway's process is another one: what it knew of keys, tokens and owners is known on."""

from __future__ import annotations

import json
from pathlib import Path

from gateway_client import gateway_on_stage
from gateway_keys import SESSIONS, add_key, ask, mint

from pipeline.frames import SessionOpened

WS = "/ws/live-audio"


def test_a_token_that_was_used_begins_nothing_and_comes_back_to_its_own(tmp_path: Path) -> None:
    with gateway_on_stage(folder=tmp_path) as gateway:
        key, other = add_key(gateway, "site"), add_key(gateway, "other")
        token = mint(gateway, key)
        client = gateway.connect(f"{WS}?token={token}")
        gateway.start(client, session_id="anna")
        caller = gateway.harness.actor.access.callers.get("anna")
        manner = SessionOpened.model_validate(caller.manner.model_dump())
        saved = json.loads(json.dumps(gateway.harness.actor.checkpoint))
        gateway.meanwhile(client.close)
    with gateway_on_stage(folder=tmp_path, checkpoint=saved) as gateway:
        # The supervisor tells the next process which sessions are open.
        gateway.harness.open("anna", **manner.model_dump(exclude={"session", "seq", "boot"}))
        client = gateway.connect(f"{WS}?token={token}")
        told = gateway.say(client, type="start_session", session_id="bert")
        assert (told["type"], told["code"]) == ("error", "token_used")
        told = gateway.say(client, type="start_session", session_id="anna")
        assert told["type"] == "session_started"
        assert ask(gateway, "GET", SESSIONS, x_api_key=other)[1] == {"sessions": []}
        own = ask(gateway, "GET", SESSIONS, x_api_key=key)[1]["sessions"]
        assert [each["session_id"] for each in own] == ["anna"]
        gateway.meanwhile(client.close)
