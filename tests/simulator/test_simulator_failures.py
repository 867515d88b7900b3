"""What scenarios do to a connection, seen from the unmodified google-genai."""

import asyncio
from typing import Any

import pytest
import websockets
from google.genai import errors
from simulating import (
    MANUAL,
    Received,
    Scripted,
    ask,
    connect,
    receive,
    run,
    speak_turn,
)

SILENCE_2_S = bytes(64_000)
AWAY_S = 2.0
"""Several attempts fall into it, however busy the machine."""


async def converse(session: Any) -> Received:
    """Two seconds of audio and the answer to it."""
    await speak_turn(session, SILENCE_2_S)
    return await receive(session)


def close_code(error: BaseException) -> int:
    if isinstance(error, websockets.ConnectionClosedError):
        return int(error.rcvd.code) if error.rcvd else 1006
    assert isinstance(error, errors.APIError)
    return int(error.code)


async def code_of(work: Any) -> int:
    with pytest.raises(errors.APIError) as raised:
        await work
    return int(raised.value.code)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("f01_quota_before_turn", 1011),
        ("f01_quota_mid_speech", 1011),
        ("f01_quota_mid_answer", 1011),
        ("f03_cut_mid_speech", 1006),
        ("f03_cut_mid_answer", 1006),
        ("f08_resume_rejected_handle", 1006),
    ],
)
def test_connection_ends_and_the_next_one_works(
    scripted: Scripted, scenario: str, code: int
) -> None:
    simulator = scripted(scenario=scenario)

    async def conversation() -> None:
        async with connect(realtime_input_config=MANUAL) as session:
            # The end may come while audio is still being sent, which is another exception.
            with pytest.raises((errors.APIError, websockets.ConnectionClosedError)) as raised:
                await converse(session)
            assert close_code(raised.value) == code
        async with connect(realtime_input_config=MANUAL) as session:
            assert (await converse(session)).audio

    run(conversation())
    first, second = simulator.journal.sessions
    assert first.close is not None
    assert first.actions
    assert second.turns[0].outcome == "answered"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_refused_handshake_has_status_and_google_error_body(
    scripted: Scripted, status: int
) -> None:
    simulator = scripted(scenario=f"f02_handshake_{status}")

    async def attempt() -> None:
        async with connect():
            pass

    with pytest.raises(websockets.InvalidStatus) as raised:
        run(attempt())
    assert raised.value.response.status_code == status
    assert b'"status": "' in (raised.value.response.body or b"")
    assert simulator.journal.refused_handshakes[0]["how"] == f"refuse {status}"


async def errors_until_answered() -> list[str]:
    seen: list[str] = []
    while True:
        try:
            async with connect() as session:
                assert session.setup_complete
                assert (await ask(session, "Hello.")).audio
                return seen
        except (OSError, websockets.InvalidMessage, EOFError) as error:
            seen.append(type(error).__name__)
            await asyncio.sleep(0.02)


def test_refused_tcp_comes_back_on_the_same_port(scripted: Scripted) -> None:
    scripted({"when": "connect", "times": 1, "do": [{"refuse_tcp": AWAY_S}]})
    assert "ConnectionRefusedError" in run(errors_until_answered())


def test_wrong_certificate_is_offered_for_a_while(scripted: Scripted) -> None:
    scripted({"when": "connect", "times": 1, "do": [{"wrong_certificate": AWAY_S}]})
    assert "SSLCertVerificationError" in run(errors_until_answered())


def test_vanished_connection_stays_open_and_says_nothing(scripted: Scripted) -> None:
    simulator = scripted(scenario="f03_vanish_mid_speech")

    async def conversation() -> None:
        async with connect(realtime_input_config=MANUAL) as session:
            await speak_turn(session, SILENCE_2_S)
            pong = await session._ws.ping()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(pong), 0.3)
            session._ws.transport.abort()
        async with connect(realtime_input_config=MANUAL) as session:
            assert (await converse(session)).audio

    run(conversation())
    assert simulator.journal.sessions[0].turns == []


def test_no_setup_reply_leaves_the_client_waiting(scripted: Scripted) -> None:
    scripted(scenario="f06_no_setup_reply")

    async def attempt() -> None:
        async with asyncio.timeout(0.3):
            async with connect():
                pass

    with pytest.raises(TimeoutError):
        run(attempt())


def test_first_frame_error_yields_a_session_without_setup(scripted: Scripted) -> None:
    scripted(scenario="f06_first_frame_error")

    async def attempt() -> Any:
        async with connect() as session:
            return session.setup_complete

    assert run(attempt()) is None


def test_goaway_then_quiet_closes_at_the_deadline(scripted: Scripted) -> None:
    simulator = scripted(
        {"when": {"after_s": 0}, "do": [{"goaway": {"time_left_s": 0.4, "then": "quiet"}}]}
    )

    async def conversation() -> None:
        async with connect() as session:
            warned = await receive(session, "go_away")
            assert warned.time_left == "0.4s"
            await session.send_realtime_input(text="Are you there?")
            assert await code_of(receive(session, "never")) == 1008

    run(conversation())
    record = simulator.journal.sessions[0]
    assert record.turns == []
    assert record.close is not None
    assert record.close.at_s - record.opened_s >= 0.4


def test_goaway_then_close_answers_until_the_deadline(scripted: Scripted) -> None:
    scripted({"when": {"after_s": 0}, "do": [{"goaway": {"time_left_s": 1.5}}]})

    async def conversation() -> None:
        async with connect() as session:
            await receive(session, "go_away")
            assert (await ask(session, "Hi.")).audio
            with pytest.raises(errors.APIError, match="failed to close the connection"):
                await receive(session, "never")

    run(conversation())


def test_rejected_handle_closes_only_sessions_that_resume(scripted: Scripted) -> None:
    scripted({"when": "setup", "do": [{"reject_resume": {"code": 1008, "reason": "gone"}}]})

    async def conversation() -> None:
        async with connect() as session:
            handle = (await ask(session, "Hi.")).handle
        with pytest.raises(errors.APIError, match="gone"):
            async with connect(session_resumption={"handle": handle}):
                pass

    run(conversation())
