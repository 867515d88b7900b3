"""Providers asked by HTTP: again if need be, and errors in words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from actors.gateway.phone.doors.call_program import RestRequest
from actors.gateway.phone.doors.provider_client import GONE, ProviderClient, ProviderRefusedError

REQUEST = RestRequest(
    "POST", "https://api.example/calls", {"Authorization": "Bearer s"}, {"a": "b"}
)
Answers = list[httpx2.Response | Exception]


def asked(
    answers: Answers, *, again: bool, gone: tuple[int, ...] = ()
) -> tuple[Any, list[float], int]:
    """What is returned or raised, how long was waited, and how often it was asked."""
    waits: list[float] = []
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        given = answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def ask() -> Any:
        client = ProviderClient(
            lambda _url: httpx2.AsyncClient(transport=httpx2.MockTransport(answer)), sleep
        )
        try:
            return await client.ask("twilio", REQUEST, again=again, gone=gone)
        except ProviderRefusedError as error:
            return error
        finally:
            await client.close()

    return asyncio.run(ask()), waits, len(requests)


def unreached() -> Exception:
    return httpx2.ConnectError("no route")


def silent() -> Exception:
    return httpx2.ReadTimeout("")


def status(code: int, body: Any = None) -> httpx2.Response:
    return httpx2.Response(code, json=body)


def busy(retry_after: str) -> httpx2.Response:
    return httpx2.Response(429, headers={"retry-after": retry_after})


@pytest.mark.parametrize(
    ("make", "again", "result", "waits"),
    [
        (lambda: [status(200, {"sid": "1"})], False, {"sid": "1"}, []),
        (lambda: [status(204)], True, {}, []),
        (lambda: [httpx2.Response(200, text="no json")], True, {}, []),
        (lambda: [status(200, ["a"])], True, {}, []),
        (lambda: [unreached(), status(200, {})], False, {}, [0.3]),
        (lambda: [status(429), status(503), status(200, {})], False, {}, [0.3, 1.0]),
        (
            lambda: [busy("2"), status(200, {})],
            False,
            {},
            [2.0],
        ),
        (
            lambda: [busy("99"), status(200, {})],
            False,
            {},
            [3.0],
        ),
        (lambda: [status(502), silent(), status(200, {})], True, {}, [0.3, 1.0]),
    ],
)
def test_what_passes_is_asked_again(
    make: Callable[[], Answers], again: bool, result: Any, waits: list[float]
) -> None:
    answers = make()
    count = len(answers)
    assert asked(answers, again=again) == (result, waits, count)


@pytest.mark.parametrize(
    ("make", "again", "words", "count"),
    [
        (lambda: [unreached()] * 3, True, "twilio is not reached: no route", 3),
        # It may ring already: it is not started twice.
        (lambda: [silent()], False, "may have done it", 1),
        (lambda: [status(500)], False, "(500)", 1),
        (lambda: [status(500)] * 3, True, "(500)", 3),
        (
            lambda: [status(400, {"message": "bad", "code": 21211})],
            True,
            "bad (21211)",
            1,
        ),
        (lambda: [status(400, {"errors": [{"detail": "no", "code": "1"}]})], True, "no (1)", 1),
        (lambda: [status(403, {"errors": []})], True, "may do", 1),
        (lambda: [status(404, {"error": "not found"})], True, "not found: look at the ids", 1),
    ],
)
def test_what_does_not_pass_is_said(
    make: Callable[[], Answers], again: bool, words: str, count: int
) -> None:
    error, _, times = asked(make(), again=again)
    assert isinstance(error, ProviderRefusedError)
    assert words in str(error), error
    assert times == count


@pytest.mark.parametrize(
    "answer",
    [
        status(404),
        status(410),
        status(422, {"errors": [{"code": "90018"}]}),
        status(400, {"code": 21220, "message": "Call is not in-progress"}),
    ],
)
def test_what_is_gone_is_no_error_when_it_is_to_be_gone(answer: httpx2.Response) -> None:
    assert not isinstance(asked([answer], again=True, gone=GONE)[0], Exception)
