from __future__ import annotations

import base64
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.access.denial import STATUS, AccessDeniedError, Denial
from actors.gateway.access.redemptions import MOST_REMEMBERED, Redemptions, check_session
from actors.gateway.access.tokens import AUDIENCE, SessionToken, TokenIssuer, looks_like_token
from actors.gateway.errors import CallerError

SECRET = b"s" * 32
BEGAN_S = 1_700_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now_s = BEGAN_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> TokenIssuer:
    return TokenIssuer(SECRET, clock)


@pytest.fixture
def redemptions(clock: Clock) -> Redemptions:
    return Redemptions({}, clock, BEGAN_S - 100)


def denied(error: pytest.ExceptionInfo[AccessDeniedError]) -> Denial:
    return error.value.denial


def test_every_denial_has_its_status() -> None:
    assert set(STATUS) == set(Denial)


def test_a_token_says_what_it_was_minted_for(issuer: TokenIssuer) -> None:
    locked = {"model": "models/gemini-3.8-live", "systemInstruction": "Be kind. " * 500}
    text, token = issuer.mint("site", session="anna", uses=3, locked=locked)
    assert looks_like_token(text)
    assert issuer.read(text) == token
    assert token == SessionToken(
        token.id, "site", BEGAN_S, BEGAN_S + 1800, BEGAN_S + 60, 3, "anna", locked
    )


def test_a_token_expires(issuer: TokenIssuer, clock: Clock) -> None:
    text, _ = issuer.mint("site", lasts_s=10)
    clock.now_s += 9.9
    issuer.read(text)
    clock.now_s += 0.1
    with pytest.raises(AccessDeniedError) as error:
        issuer.read(text)
    assert (denied(error), error.value.status, error.value.close_code) == (
        Denial.TOKEN_EXPIRED,
        401,
        4401,
    )


def forged() -> list[str]:
    claims = {
        "aud": AUDIENCE,
        "sub": "site",
        "jti": "1",
        "iat": BEGAN_S,
        "exp": BEGAN_S + 60,
        "opens": BEGAN_S + 60,
        "uses": 1,
    }
    unsigned = [
        base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
        for each in ({"alg": "none"}, claims)
    ]
    return [
        "",
        "x",
        "a.b.c",
        ".".join(unsigned) + ".",
        jwt.encode(claims, b"another secret, which is 32 bytes", "HS256"),
        jwt.encode(claims, SECRET * 2, "HS256"),
        jwt.encode(claims, SECRET * 2, "HS512"),
        jwt.encode({**claims, "aud": "another"}, SECRET, "HS256"),
        *(
            jwt.encode({k: v for k, v in claims.items() if k != name}, SECRET, "HS256")
            for name in claims
        ),
        jwt.encode({**claims, "locked": "no base64"}, SECRET, "HS256"),
        jwt.encode({**claims, "exp": "soon"}, SECRET, "HS256"),
    ]


@pytest.mark.parametrize("text", forged())
def test_what_another_signed_is_no_token(issuer: TokenIssuer, text: str) -> None:
    with pytest.raises(AccessDeniedError) as error:
        issuer.read(text)
    assert denied(error) is Denial.TOKEN_INVALID
    assert len(text) < 4 or text not in str(error.value)


@given(text=st.text(max_size=200))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    with pytest.raises(AccessDeniedError):
        TokenIssuer(SECRET, Clock()).read(text)


@pytest.mark.parametrize("wrong", [{"lasts_s": 0}, {"lasts_s": 1e6}, {"uses": -1}, {"uses": 10**6}])
def test_what_no_token_can_be_is_told(issuer: TokenIssuer, wrong: dict[str, int]) -> None:
    with pytest.raises(CallerError):
        issuer.mint("site", **wrong)  # type: ignore[arg-type]


def test_a_token_fits_into_an_address(issuer: TokenIssuer) -> None:
    noise = {"instruction": "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(5000))}
    with pytest.raises(CallerError, match="lock less"):
        issuer.mint("site", locked=noise)


def test_a_token_begins_one_session_and_no_other(
    issuer: TokenIssuer, redemptions: Redemptions
) -> None:
    _, token = issuer.mint("site")
    redemptions.begin(token, "anna")
    for replayed in ("bert", "anna"):  # The second is over by now.
        with pytest.raises(AccessDeniedError) as error:
            redemptions.begin(token, replayed)
        assert denied(error) is Denial.TOKEN_USED


def test_a_session_that_was_not_opened_leaves_its_token(
    issuer: TokenIssuer, redemptions: Redemptions
) -> None:
    _, token = issuer.mint("site")
    redemptions.begin(token, "anna")
    redemptions.give_back(token, "anna")
    redemptions.begin(token, "anna")


def test_a_token_begins_as_many_sessions_as_it_may(
    issuer: TokenIssuer, redemptions: Redemptions
) -> None:
    _, token = issuer.mint("site", uses=2)
    for session in ("anna", "bert"):
        redemptions.begin(token, session)
    with pytest.raises(AccessDeniedError):
        redemptions.begin(token, "carla")
    _, token = issuer.mint("site", uses=0)
    for n in range(100):
        redemptions.begin(token, f"session {n}")


def test_a_token_of_one_session_begins_no_other(
    issuer: TokenIssuer, redemptions: Redemptions
) -> None:
    _, token = issuer.mint("site", session="anna")
    for refused in (redemptions.begin, check_session):
        with pytest.raises(AccessDeniedError) as error:
            refused(token, "bert")
        assert denied(error) is Denial.TOKEN_OTHER_SESSION
    check_session(token, "anna")
    redemptions.begin(token, "anna")


def test_a_token_begins_a_session_soon_or_never(
    issuer: TokenIssuer, redemptions: Redemptions, clock: Clock
) -> None:
    _, token = issuer.mint("site", uses=2)
    redemptions.begin(token, "anna")
    clock.now_s += 60
    with pytest.raises(AccessDeniedError) as error:
        redemptions.begin(token, "bert")
    assert denied(error) is Denial.TOKEN_LATE


def test_a_crash_forgets_no_use_and_a_new_start_trusts_no_old_token(
    issuer: TokenIssuer, clock: Clock
) -> None:
    table: dict[str, list[object]] = {}
    _, token = issuer.mint("site")
    Redemptions(table, clock, BEGAN_S).begin(token, "anna")
    again = Redemptions(json.loads(json.dumps(table)), clock, BEGAN_S)
    for unknown in (again, Redemptions({}, clock, BEGAN_S + 1)):
        with pytest.raises(AccessDeniedError) as error:
            unknown.begin(token, "bert")
        assert denied(error) is Denial.TOKEN_USED


def test_uses_are_forgotten_when_they_do_not_matter(issuer: TokenIssuer, clock: Clock) -> None:
    table: dict[str, list[object]] = {}
    redemptions = Redemptions(table, clock, BEGAN_S)
    for n in range(MOST_REMEMBERED):
        redemptions.begin(issuer.mint("site")[1], f"{n}")
    with pytest.raises(AccessDeniedError) as error:
        redemptions.begin(issuer.mint("site")[1], "one more")
    assert (denied(error), error.value.retry_after_s) == (Denial.NEW_SESSIONS, 60)
    clock.now_s += 60
    redemptions.begin(issuer.mint("site")[1], "later")
    assert len(table) == 1
