from __future__ import annotations

import pytest

from actors.gateway.access.keys import PREFIX, hash_of, make_key
from actors.gateway.access.presented import (
    CredentialPlace,
    Presented,
    presented,
    without_path_token,
    without_secrets,
)
from actors.gateway.access.principal import Principal
from actors.gateway.access.scopes import AccessScope, known_scopes, parsed_scopes
from actors.gateway.access.tokens import SessionToken
from actors.gateway.errors import CallerError
from actors.gateway.phone.doors.call_tokens import CallTokens

KEY = PREFIX + "k" * 43
HEADER, ADDRESS = CredentialPlace.HEADER, CredentialPlace.ADDRESS
JWT = "aaaa.bbbb.cccc"


def test_keys_are_long_and_all_differ_and_their_hashes_say_nothing() -> None:
    keys = {make_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith(PREFIX) and len(key) >= 50 for key in keys)
    assert len(hash_of(KEY)) == 64
    assert "k" not in hash_of(KEY)
    hash_of("\ud800")


@pytest.mark.parametrize(
    ("headers", "query", "found"),
    [
        ({"authorization": f"Bearer {KEY}"}, "", Presented(KEY, HEADER)),
        ({"authorization": f"bearer   {KEY} "}, "", Presented(KEY, HEADER)),
        ({"x-api-key": KEY}, "", Presented(KEY, HEADER)),
        ({"x-goog-api-key": KEY}, "", Presented(KEY, HEADER)),
        # As the Python SDK sends a token: twice.
        (
            {"authorization": f"Token auth_tokens/{JWT}", "x-goog-api-key": f"auth_tokens/{JWT}"},
            "",
            Presented(JWT, HEADER),
        ),
        # One of ours beside a key that means nothing here.
        ({"x-goog-api-key": "any", "authorization": f"Bearer {KEY}"}, "key=any",
         Presented(KEY, HEADER)),
        ({}, f"key={KEY}", Presented(KEY, ADDRESS)),
        ({}, f"audio=binary&access_token=auth_tokens/{JWT}", Presented(JWT, ADDRESS)),
        ({}, f"access_token=auth_tokens%2F{JWT}", Presented(JWT, ADDRESS)),
        ({}, f"token={JWT}&key=any", Presented(JWT, ADDRESS)),
        ({}, f"key={KEY}&key=other", Presented(KEY, ADDRESS)),
        ({"authorization": "Basic dTpw"}, "", None),
        ({"authorization": "Bearer"}, "", None),
        ({"authorization": "Bearer a b"}, "", None),
        ({"x-api-key": " "}, "key=&token=", None),
        ({}, "", None),
    ],
)  # fmt: skip
def test_a_key_is_found_wherever_clients_put_it(
    headers: dict[str, str], query: str, found: Presented | None
) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert presented(pairs, query.encode()) == found


def test_what_is_a_token_is_told_by_its_shape() -> None:
    assert Presented(JWT, HEADER).is_token
    assert not Presented(KEY, HEADER).is_token
    assert KEY not in repr(Presented(KEY, HEADER))


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (f"key={KEY}", ""),
        (f"audio=binary&key={KEY}", "audio=binary"),
        (f"key={KEY}&audio=binary", "audio=binary"),
        (f"a=1&KEY={KEY}&access_token=x&token=y&b=2", "a=1&b=2"),
        (f"api_key={KEY}", ""),
        ("monkey=1&token_count=2", "monkey=1&token_count=2"),
        (f"a=1;key={KEY};b=2", "a=1;b=2"),
        ("", ""),
    ],
)
def test_nothing_secret_goes_further_in(query: str, left: str) -> None:
    headers = [
        (b"authorization", b"Bearer x"),
        (b"x-api-key", b"x"),
        (b"x-goog-api-key", b"x"),
        (b"cookie", b"x"),
        (b"host", b"localhost"),
    ]
    assert without_secrets(headers, query.encode()) == ([(b"host", b"localhost")], left.encode())


def test_scopes_are_named_and_unknown_ones_are_told() -> None:
    assert parsed_scopes(["talk", "operate"]) == (AccessScope.TALK, AccessScope.OPERATE)
    with pytest.raises(CallerError, match="talk, files, tokens, calls, operate"):
        parsed_scopes(["walk"])
    assert known_scopes(["talk", "of a newer version"]) == {AccessScope.TALK}


def token(session: str | None = None) -> SessionToken:
    return SessionToken("t1", "site", 0, 100, 60, session=session)


@pytest.mark.parametrize(
    ("asks", "labels", "owns"),
    [
        (Principal(), {}, True),
        (Principal(), {"credential": "site"}, False),
        (Principal("site"), {"credential": "site"}, True),
        (Principal("site"), {"credential": "site", "token": "t1"}, True),
        (Principal("site"), {"credential": "other"}, False),
        (Principal("site"), {}, False),
        (Principal("site", token=token()), {"credential": "site", "token": "t1"}, True),
        (Principal("site", token=token()), {"credential": "site", "token": "t2"}, False),
        (Principal("site", token=token()), {"credential": "site"}, False),
        (Principal("site", token=token("anna")), {"credential": "site"}, True),
        (Principal("site", token=token("bert")), {"credential": "site"}, False),
        (Principal("site", token=token("anna")), {"credential": "other"}, False),
        (Principal("op", frozenset({AccessScope.OPERATE})), {"credential": "site"}, True),
    ],
)
def test_a_session_belongs_to_who_began_it(
    asks: Principal, labels: dict[str, str], owns: bool
) -> None:
    assert asks.owns("anna", labels) is owns
    if owns and asks.scopes == frozenset():
        began = asks.labels()
        assert asks.owns("anna", began)


def test_the_token_in_the_path_of_a_call_is_in_no_log() -> None:
    token = CallTokens(b"s" * 32, lambda: 0.0, {}).mint("twilio", "CA1", business="b")
    line = f'127.0.0.1 - "WebSocket /phone/twilio/{token}" [accepted]'
    assert without_path_token(line) == '127.0.0.1 - "WebSocket /phone/twilio/[token]" [accepted]'
    for path in ("/phone/twilio", "/phone/twilio/answer", "/api/v1/calls/a.b"):
        assert without_path_token(path) == path
