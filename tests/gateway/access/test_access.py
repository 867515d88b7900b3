"""Who may come in, as callers meet it: over REST, the WebSocket of websites, and Gemini's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_client import GatewayOnStage, gateway_on_stage
from gateway_keys import START, TOKEN, add_key, ask, mint, revoke
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from actors.gateway.access.denial import STATUS
from actors.gateway.access.routes import rule_of
from actors.gateway.app import make_routes
from pipeline.frames import SessionEnd, SessionEnded

WS = "/ws/live-audio"
LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SESSIONS = "/api/v1/live-audio/sessions"
END = "/api/v1/live-audio/session/end"
GENERATE = "/v1beta/models/gemini-3.8-flash:generateContent"
SITE = "https://site.example"


@pytest.fixture
def gateway() -> Iterator[GatewayOnStage]:
    with gateway_on_stage(origins=[SITE], hosts=["voice.example"]) as on_stage:
        yield on_stage


def refused(gateway: GatewayOnStage, path: str, **options: Any) -> tuple[int, Any]:
    """Status and body with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as error:
        gateway.connect(path, **options)
    response = error.value.response
    return response.status_code, json.loads(response.body)


def closing(gateway: GatewayOnStage, client: ClientConnection) -> tuple[list[Any], int, str]:
    """What is told before the connection is closed, its code and its reason."""
    told: list[Any] = []

    def read() -> None:
        while True:
            message = client.recv(timeout=20)
            told.append(json.loads(message))

    with pytest.raises(ConnectionClosed) as error:
        gateway.meanwhile(read)
    assert error.value.rcvd is not None
    return told, error.value.rcvd.code, error.value.rcvd.reason


def counted(gateway: GatewayOnStage, denial: str) -> int:
    return int(gateway.harness.actor.counters[f"refused_{denial}"])


def test_without_a_credential_this_machine_is_served_and_no_proxy_of_others(
    gateway: GatewayOnStage,
) -> None:
    assert ask(gateway, "GET", SESSIONS)[0] == 200
    assert ask(gateway, "GET", SESSIONS, x_api_key="any")[0] == 200
    code, told, _ = ask(gateway, "GET", SESSIONS, x_forwarded_for="203.0.113.1")
    assert (code, told["code"]) == (403, "forwarded_without_key")
    assert counted(gateway, "forwarded_without_key") == 1


def test_what_a_proxy_says_of_its_callers_counts_if_it_is_named() -> None:
    with gateway_on_stage(trusted_proxies=["127.0.0.1"]) as gateway:
        code, told, _ = ask(gateway, "GET", SESSIONS, x_forwarded_for="203.0.113.1")
        assert (code, told["code"]) == (401, "no_key")
        assert ask(gateway, "GET", SESSIONS, x_forwarded_for="127.0.0.1")[0] == 200
    with gateway_on_stage(trusted_proxies=["127.0.0.1"], anybody=True) as gateway:
        assert ask(gateway, "GET", SESSIONS, x_forwarded_for="203.0.113.1")[0] == 200


def test_a_key_is_taken_in_the_headers_of_every_client(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    code, told, headers = ask(gateway, "GET", SESSIONS)
    assert (code, told["code"], headers["www-authenticate"]) == (401, "no_key", "Bearer")
    for header in ({"authorization": f"Bearer {key}"}, {"x_api_key": key}, {"x_goog_api_key": key}):
        assert ask(gateway, "GET", SESSIONS, **header)[0] == 200
    wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
    code, told, _ = ask(gateway, "GET", SESSIONS, x_api_key=wrong)
    assert (code, told["code"]) == (401, "key_invalid")
    code, told, _ = ask(gateway, "GET", f"{SESSIONS}?key={key}")
    assert (code, told["code"]) == (401, "key_in_url")
    revoke(gateway, "site")
    code, told, _ = ask(gateway, "GET", SESSIONS, x_api_key=key)
    assert (code, told["code"]) == (401, "key_invalid")
    # The last key was revoked: it is not for everybody again.
    assert ask(gateway, "GET", SESSIONS)[0] == 401
    assert ask(gateway, "GET", "/healthz")[0] == 200


def test_a_key_may_do_what_its_scopes_say(gateway: GatewayOnStage) -> None:
    files, operator = add_key(gateway, "files", "files"), add_key(gateway, "op", "operate")
    code, told, _ = ask(gateway, "POST", START, {}, x_api_key=files)
    assert (code, told["code"]) == (403, "scope_missing")
    assert ask(gateway, "POST", TOKEN, {}, x_api_key=files)[0] == 403
    assert ask(gateway, "GET", "/metrics", x_api_key=files)[0] == 403
    assert ask(gateway, "GET", "/api/v1/operator/x", x_api_key=operator)[0] == 404
    assert refused(gateway, WS, additional_headers={"X-API-Key": files})[0] == 403


def test_a_session_belongs_to_the_credential_that_began_it(gateway: GatewayOnStage) -> None:
    one, other = add_key(gateway, "one"), add_key(gateway, "other")
    operator = add_key(gateway, "op", "talk", "operate")
    body = {"session_id": "s-1", "labels": {"credential": "other"}}
    assert ask(gateway, "POST", START, body, opens=True, x_api_key=one)[0] == 200
    for path, method, asked in (
        ("/api/v1/live-audio/session/s-1/status", "GET", None),
        (END, "POST", {"session_id": "s-1"}),
        (START, "POST", {"session_id": "s-1"}),
        (TOKEN, "POST", {"session_id": "s-1"}),
    ):
        code, told, _ = ask(gateway, method, path, asked, x_api_key=other)
        assert (code, told.get("code")) == (403, "not_yours"), (path, told)
    assert counted(gateway, "not_yours") == 4
    assert ask(gateway, "GET", SESSIONS, x_api_key=other)[1] == {"sessions": []}
    assert len(ask(gateway, "GET", SESSIONS, x_api_key=operator)[1]["sessions"]) == 1

    client = gateway.connect(WS, additional_headers={"X-API-Key": other})
    told = gateway.say(client, type="start_session", session_id="s-1")
    assert (told["type"], told["code"]) == ("error", "not_yours")
    gateway.meanwhile(client.close)
    assert ask(gateway, "POST", END, {"session_id": "s-1"}, x_api_key=one)[0] == 200


def test_who_comes_back_twice_at_once_is_served_once(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    clients = [gateway.connect(WS, additional_headers={"X-API-Key": key}) for _ in range(2)]
    gateway.start(clients[0], session_id="anna")
    assert gateway.say(clients[1], type="start_session", session_id="anna")["type"] == (
        "session_started"
    )
    assert "another connection" in closing(gateway, clients[0])[2]
    gateway.meanwhile(clients[1].close)


def test_a_browser_comes_in_with_a_token_which_begins_one_session(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    token = mint(gateway, key)
    page = {"origin": SITE}
    first = gateway.connect(f"{WS}?token={token}", **page)
    gateway.start(first, session_id="anna")
    gateway.meanwhile(first.close)
    again = gateway.connect(f"{WS}?access_token={token}", **page)
    assert gateway.say(again, type="start_session", session_id="anna")["type"] == "session_started"
    gateway.meanwhile(again.close)

    replayed = gateway.connect(f"{WS}?token={token}", **page)
    told = gateway.say(replayed, type="start_session", session_id="bert")
    assert (told["type"], told["code"]) == ("error", "token_used")
    gateway.meanwhile(replayed.close)
    assert counted(gateway, "token_used") == 1
    # It holds conversations, and mints no more of itself.
    code, told, _ = ask(gateway, "POST", TOKEN, {}, authorization=f"Bearer {token}")
    assert (code, told["code"]) == (403, "scope_missing")


def test_a_token_of_a_session_that_was_started_joins_it_and_begins_none(
    gateway: GatewayOnStage,
) -> None:
    key = add_key(gateway, "site")
    ask(gateway, "POST", START, {"session_id": "anna"}, opens=True, x_api_key=key)
    token = mint(gateway, key, session_id="anna")
    client = gateway.connect(f"{WS}?token={token}", origin=SITE)
    told = gateway.say(client, type="start_session", session_id="bert")
    assert told["code"] == "token_other_session"
    assert gateway.say(client, type="start_session", session_id="anna")["type"] == "session_started"
    gateway.harness.end("anna", SessionEnd.TIME_OVER, "its time is over")
    gateway.meanwhile(client.close)
    client = gateway.connect(f"{WS}?token={token}", origin=SITE)
    assert gateway.say(client, type="start_session", session_id="anna")["code"] == "token_late"
    gateway.meanwhile(client.close)


def test_what_is_wrong_with_a_token_is_told_a_page_after_the_handshake(
    gateway: GatewayOnStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add_key(gateway, "site")
    token = mint(gateway, key, lasts_s=60)
    assert refused(gateway, f"{WS}?token=a.b.c")[1]["code"] == "token_invalid"
    told, code, _ = closing(gateway, gateway.connect(f"{WS}?token=a.b.c", origin=SITE))
    assert (told[0]["type"], told[0]["code"], code) == ("error", "token_invalid", 4401)
    told, code, _ = closing(gateway, gateway.connect(WS, origin=SITE))
    assert (told[0]["code"], code) == ("no_key", 4401)
    later_s = time.time() + 61
    monkeypatch.setattr(gateway.harness.actor.access.issuer, "_clock", lambda: later_s)
    told, code, reason = closing(gateway, gateway.connect(f"{WS}?token={token}", origin=SITE))
    assert (told[0]["code"], code, "expired" in reason) == ("token_expired", 4401, True)
    monkeypatch.undo()
    revoke(gateway, "site")
    told, code, _ = closing(gateway, gateway.connect(f"{WS}?token={token}", origin=SITE))
    assert (told[0]["code"], code) == ("token_invalid", 4401)


def test_a_token_that_locks_a_setup_is_no_way_around_it(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    asked = {"bidiGenerateContentSetup": {"model": "models/gemini-3.8-live"}}
    code, told, _ = ask(gateway, "POST", f"/v1alpha/auth_tokens?key={key}", asked)
    assert code == 200, told
    token = told["name"]
    assert refused(gateway, f"{WS}?token={token}")[1]["code"] == "token_invalid"
    for method, path in (("POST", START), ("POST", "/v1beta/models/x:generateContent")):
        assert ask(gateway, method, path, {}, authorization=f"Token {token}")[0] == 401
    client = gateway.connect(f"{LIVE.replace('v1beta', 'v1alpha')}Constrained?access_token={token}")
    gateway.meanwhile(client.close)


def test_a_connection_lasts_no_longer_than_its_token(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    token = mint(gateway, key, lasts_s=1.5)
    client = gateway.connect(f"{WS}?token={token}", origin=SITE)
    gateway.start(client)
    _, code, _ = closing(gateway, client)
    assert code == 4401
    assert counted(gateway, "token_expired") == 1


def test_conversations_of_a_key_that_is_revoked_end(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "site")
    client = gateway.connect(WS, additional_headers={"X-API-Key": key})
    session = gateway.start(client)
    revoke(gateway, "site")
    ended = gateway.harness.expect("sessions", SessionEnded)
    assert (ended.session, ended.reason) == (session, SessionEnd.OPERATOR)
    gateway.meanwhile(client.close)


@pytest.mark.parametrize("path", [WS, "/", LIVE])
def test_pages_of_others_do_not_connect(gateway: GatewayOnStage, path: str) -> None:
    assert refused(gateway, path, origin="https://evil.example")[0] == 403
    assert refused(gateway, path, origin="http://site.example")[0] == 403
    assert counted(gateway, "origin_not_allowed") == 2
    gateway.meanwhile(gateway.connect(path, origin=SITE).close)


def test_a_key_may_be_for_the_pages_of_one_site(gateway: GatewayOnStage) -> None:
    key = add_key(gateway, "shop", origins=("https://shop.example",))
    token = mint(gateway, key)
    gateway.meanwhile(gateway.connect(f"{WS}?token={token}", origin="https://shop.example").close)
    assert refused(gateway, f"{WS}?token={token}", origin=SITE)[0] == 403
    _, _, headers = ask(
        gateway,
        "OPTIONS",
        START,
        origin="https://shop.example",
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type",
    )
    assert headers["access-control-allow-origin"] == "https://shop.example"


def test_pages_of_others_neither_ask_nor_read_over_rest(gateway: GatewayOnStage) -> None:
    code, told, headers = ask(gateway, "POST", START, {}, origin="https://evil.example")
    assert (code, told["code"]) == (403, "origin_not_allowed")
    assert "access-control-allow-origin" not in headers
    code, _, headers = ask(gateway, "GET", SESSIONS, origin=SITE)
    assert (code, headers["access-control-allow-origin"]) == (200, SITE)


@pytest.mark.parametrize("path", [SESSIONS, "/", "/page/caller.js", START, "/v1beta/models"])
def test_a_name_that_was_made_to_point_here_is_refused(gateway: GatewayOnStage, path: str) -> None:
    code, told, _ = ask(gateway, "GET", path, host="evil.example:3000")
    assert code == 421
    assert "options.hosts" in json.dumps(told)
    assert ask(gateway, "GET", "/healthz", host="evil.example")[0] == 200
    assert ask(gateway, "GET", SESSIONS, host="voice.example")[0] == 200


def test_clients_of_gemini_are_refused_in_its_words(gateway: GatewayOnStage) -> None:
    key, files = add_key(gateway, "site"), add_key(gateway, "files", "files")
    setup = json.dumps({"setup": {"model": "models/gemini-3.8-live"}})
    client = gateway.connect(f"/{LIVE}?key={key}")
    gateway.meanwhile(lambda: client.send(setup), opens=True)
    assert json.loads(gateway.next(client)) == {"setupComplete": {}}
    gateway.meanwhile(client.close)
    for path, code, reason in (
        (f"{LIVE}?key=wrong", 1007, "API key not valid. Please pass a valid API key."),
        (LIVE, 1008, "Method doesn't allow unregistered callers"),
        (f"{LIVE}?key={files}", 1008, "scope"),
        (f"{LIVE}?access_token=auth_tokens/a.b.c", 1008, "no token"),
    ):
        told, closed, why = closing(gateway, gateway.connect(path))
        assert (told, closed, reason in why) == ([], code, True), why
    code, told, _ = ask(gateway, "GET", "/v1beta/models?key=wrong")
    assert (code, told["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert told["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert ask(gateway, "GET", "/v1beta/models")[0] == 403
    assert ask(gateway, "GET", f"/v1beta/models?key={key}")[0] == 200


def test_sessions_of_one_key_are_limited() -> None:
    limits = {"sessions_per_credential": 1, "new_sessions_per_credential": 2}
    with gateway_on_stage(limits=limits) as gateway:
        key = add_key(gateway, "site")
        ask(gateway, "POST", START, {"session_id": "anna"}, opens=True, x_api_key=key)
        code, told, headers = ask(gateway, "POST", START, {}, x_api_key=key)
        assert (code, told["code"], headers["retry-after"]) == (429, "too_many_sessions", "10")
        content = {"contents": [{"parts": [{"text": "Hi."}]}]}
        code, told, headers = ask(gateway, "POST", GENERATE, content, x_api_key=key)
        assert (code, told["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert headers["retry-after"] == "10"
        gateway.harness.end("anna", SessionEnd.HUNG_UP, "")
        ask(gateway, "POST", START, {"session_id": "bert"}, opens=True, x_api_key=key)
        gateway.harness.end("bert", SessionEnd.HUNG_UP, "")
        client = gateway.connect(WS, additional_headers={"X-API-Key": key})
        told = gateway.say(client, type="start_session")
        assert told["code"] == "too_many_new_sessions"
        assert 0 < told["retry_after_s"] <= 30
        gateway.meanwhile(client.close)


def test_a_socket_without_a_session_is_closed() -> None:
    # A busy machine takes a while to connect, too.
    first_s = 2.0
    with gateway_on_stage(limits={"first_message_s": first_s}) as gateway:
        silent, pinging, live = (gateway.connect(path) for path in (WS, WS, LIVE))
        gateway.say(pinging, type="ping")
        assert closing(gateway, silent)[1] == 4408
        assert closing(gateway, pinging)[1] == 4408
        assert closing(gateway, live)[1] == 1008
        assert counted(gateway, "no_first_message") == 3
        talking = gateway.connect(WS)
        gateway.start(talking)
        later_s = time.monotonic() + first_s + 0.1
        gateway.harness.until(lambda: time.monotonic() > later_s)
        assert gateway.say(talking, type="ping") == {"type": "pong"}
        gateway.meanwhile(talking.close)


def test_who_sends_too_fast_is_read_more_slowly_and_told_so() -> None:
    with gateway_on_stage(limits={"other_messages_per_s": 2}) as gateway:
        client = gateway.connect(WS)
        gateway.start(client)
        count = 22

        def flood() -> list[Any]:
            for _ in range(count):
                client.send('{"type": "ping"}')
            told = []
            while sum(each == {"type": "pong"} for each in told) < count:
                told.append(json.loads(client.recv(timeout=20)))
            return [each for each in told if each != {"type": "pong"}]

        began_s = time.monotonic()
        told = gateway.meanwhile(flood)
        # 20 may come at once, with the one that began the session; the others come at 2 a second,
        # which is slower than a busy machine sends them.
        assert time.monotonic() - began_s > 0.4
        assert [each["code"] for each in told] == ["too_fast"]
        assert gateway.harness.actor.counters["callers_slowed"] >= 1
        gateway.meanwhile(client.close)


def flattened(routes: Any) -> Iterator[tuple[str, bool]]:
    """Path of each route, and whether it is of HTTP."""
    for route in routes:
        below = getattr(route, "original_router", None)
        if below is not None:
            yield from flattened(below.routes)
        else:
            yield route.path, hasattr(route, "methods")


def test_no_route_is_in_no_table(gateway: GatewayOnStage) -> None:
    actor = gateway.harness.actor
    paths = list(
        flattened(
            make_routes(
                actor.access, actor.readiness, actor.work_of, actor.phones, actor.doors
            ).routes
        )
    )
    assert len(paths) > 10
    unknown = rule_of("http", "/no/such/path")
    for path, is_http in paths:
        concrete = path.replace("{service:path}", LIVE.removeprefix("/ws/"))
        concrete = concrete.replace("{path:path}", "models").replace("{", "").replace("}", "")
        assert rule_of("http" if is_http else "websocket", concrete) is not unknown, path


def test_every_code_is_in_the_documentation_with_its_status() -> None:
    page = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for denial, status in STATUS.items():
        row = next((row for row in rows if f"`{denial.value}`" in row.split("|")[1]), None)
        assert row is not None, denial
        said = row.split("|")[2:4]
        assert str(status) in said[0] or str(4000 + status) in said[1], denial
