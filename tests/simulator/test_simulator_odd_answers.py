"""What scenarios do to an answer, seen from the unmodified google-genai."""

import asyncio

import pytest
from google.genai import errors, types
from simulating import (
    BLOCKING_MOVE,
    MANUAL,
    Scripted,
    ask,
    connect,
    receive,
    recording,
    run,
    speak_turn,
)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("f06_unknown_frame", TypeError),
        ("f06_error_frame", TypeError),
        ("f06_flat_error_frame", errors.ServerError),
        ("f06_not_json", ValueError),
    ],
)
def test_odd_frame_in_an_answer(
    scripted: Scripted, scenario: str, expected: type[Exception]
) -> None:
    scripted(scenario=scenario)

    async def conversation() -> None:
        async with connect() as session:
            await ask(session, "A question of some length.")

    with pytest.raises(expected):
        run(conversation())


def test_silent_freeze_answers_pings_but_not_the_turn(scripted: Scripted) -> None:
    scripted(scenario="f09_silent_freeze")

    async def conversation() -> None:
        async with connect() as session:
            await session.send_realtime_input(text="Hello?")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(receive(session, "never"), 0.3)
            await (await session._ws.ping())

    run(conversation())


@pytest.mark.parametrize(
    ("scenario", "kinds"),
    [
        ("f10_early_turn_complete", ["audio", "turn_complete", "resumable"]),
        ("f10_empty_turn", ["turn_complete", "resumable"]),
        (
            "f10_generation_complete_only",
            ["audio", "generation_complete", "resumable"],
        ),
        (
            "f10_no_usage",
            ["audio", "generation_complete", "turn_complete", "resumable"],
        ),
    ],
)
def test_turn_ends_oddly_once(scripted: Scripted, scenario: str, kinds: list[str]) -> None:
    scripted(scenario=scenario)

    async def conversation() -> None:
        async with connect() as session:
            odd = await ask(session, "A question of some length.")
            assert odd.kinds[0] == "not_resumable"
            assert list(dict.fromkeys(odd.kinds))[1:] == kinds
            if scenario != "f10_early_turn_complete":
                assert (odd.usage is None) == (scenario != "f10_empty_turn")
            normal = await ask(session, "Another question.")
            assert normal.kinds[-2:] == ["turn_complete", "resumable"]

    run(conversation())


def test_burst_sends_a_long_answer_at_once(scripted: Scripted) -> None:
    simulator = scripted(scenario="f11_burst")

    async def conversation() -> None:
        async with connect() as session:
            await ask(session, "Tell me a story.")

    run(conversation())
    turn = simulator.journal.sessions[0].turns[0]
    assert turn.answer_ms / 1000 > 20
    assert (turn.ended_ns - turn.first_audio_ns) / 1e6 < turn.answer_ms / 8


def test_slow_answer_takes_longer_than_its_sound(scripted: Scripted) -> None:
    simulator = scripted(scenario="f11_slow")

    async def conversation() -> None:
        async with connect() as session:
            await ask(session, "Hi.")

    run(conversation())
    turn = simulator.journal.sessions[0].turns[0]
    assert (turn.ended_ns - turn.first_audio_ns) / 1e6 > turn.answer_ms


def test_late_transcript_comes_after_the_turn(scripted: Scripted) -> None:
    simulator = scripted({"when": "setup", "do": [{"late_transcript": 50}]}, stt="moonshine")

    async def conversation() -> None:
        async with connect(realtime_input_config=MANUAL) as session:
            await speak_turn(session, recording("cards-001.wav"))
            received = await receive(session, "input_transcription")
        kinds = received.kinds
        assert kinds.index("turn_complete") < kinds.index("input_transcription")

    run(conversation())
    assert simulator.journal.heard() == ["Ten of clubs."]


def test_cut_while_a_tool_runs_leaves_the_call_lost(scripted: Scripted) -> None:
    simulator = scripted(scenario="f15_cut_while_tool_runs")

    async def conversation() -> None:
        async with connect(tools=[{"function_declarations": [BLOCKING_MOVE]}]) as session:
            await session.send_realtime_input(text="Go forward ten meters.")
            with pytest.raises(errors.APIError, match="1006"):
                await receive(session, "never")

    run(conversation())
    assert [call.outcome for call in simulator.journal.tool_calls()] == ["lost"]


def test_response_for_a_lost_call_is_noted_after_resuming(scripted: Scripted) -> None:
    simulator = scripted(scenario="f15_cut_while_tool_runs")

    async def conversation() -> None:
        tools = [{"function_declarations": [BLOCKING_MOVE]}]
        async with connect(tools=tools) as session:
            handle = (await ask(session, "Hello.")).handle
            await session.send_realtime_input(text="Go forward ten meters.")
            with pytest.raises(errors.APIError, match="1006"):
                await receive(session, "never")
        async with connect(tools=tools, session_resumption={"handle": handle}) as session:
            lost = simulator.journal.sessions[0].tool_calls[0].id
            response = types.FunctionResponse(id=lost, name="move", response={})
            await session.send_tool_response(function_responses=response)
            assert (await ask(session, "What did I say?")).said.endswith("Hello.")

    run(conversation())
    assert len(simulator.journal.sessions[1].late_tool_responses) == 1
