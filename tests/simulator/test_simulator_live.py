"""Whole turns over the Live WebSocket, by the unmodified google-genai."""

import asyncio

import pytest
from google.genai import errors, types
from simulating import (
    BLOCKING_MOVE,
    JPEG_4_BY_3,
    LIVE_MODEL,
    MANUAL,
    RunningSimulator,
    Scripted,
    ask,
    client,
    config,
    receive,
    recording,
    run,
    speak,
    speak_turn,
)

SILENCE_1_S = bytes(32_000)
LONG_TEXT = "A sentence of some length is said here. " * 20


def test_spoken_command_calls_the_tool_once_and_is_confirmed_aloud(
    talking: RunningSimulator,
) -> None:
    async def conversation() -> None:
        setup = config(
            tools=[{"function_declarations": [BLOCKING_MOVE]}], realtime_input_config=MANUAL
        )
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            assert session.setup_complete is not None
            await speak_turn(session, recording("goforward.wav"))
            asked = await receive(session, "tool_call")
            (call,) = asked.calls
            assert (call.name, call.args) == ("move", {"direction": "forward", "distance_m": 10})
            await session.send_tool_response(
                function_responses=types.FunctionResponse(
                    id=call.id, name="move", response={"result": "ok"}
                )
            )
            answer = await receive(session)
        assert asked.heard + answer.heard == "Go forward ten meters."
        assert answer.said == "Moving forward ten meters."
        assert answer.kinds[-3:] == ["generation_complete", "turn_complete", "resumable"]
        assert not answer.calls
        said = talking.hear(answer.audio, 24_000).lower()
        assert "moving forward" in said
        assert "meters" in said

    run(conversation())
    record = talking.journal.sessions[-1]
    assert [call.outcome for call in record.tool_calls] == ["answered"]
    assert record.turns[0].heard == "Go forward ten meters."
    assert record.audio_ms == pytest.approx(2786, abs=1)


def test_automatic_detection_finds_two_recordings_in_one_stream(
    talking: RunningSimulator,
) -> None:
    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await speak(session, recording("cards-001.wav") + SILENCE_1_S)
            first = await receive(session)
            await speak(session, recording("cards-003.wav"))
            await session.send_realtime_input(audio_stream_end=True)
            second = await receive(session)
        assert first.said == "You said: Ten of clubs."
        assert second.said == "You said: Seven of clubs."

    run(conversation())


def test_pictures_are_counted_and_can_be_asked_about(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            for _ in range(3):
                picture = types.Blob(data=JPEG_4_BY_3, mime_type="image/jpeg")
                await session.send_realtime_input(video=picture)
            answer = await ask(session, "What do you see?")
            assert "3 pictures" in answer.said
            assert "4 by 3 pixels" in answer.said
            assert answer.usage is not None
            details = answer.usage.prompt_tokens_details or []
            assert {d.modality: d.token_count for d in details}[types.MediaModality.IMAGE] == 774

    run(conversation())
    video = simulator.journal.sessions[0].video
    assert (video.frames, video.max_bytes) == (3, len(JPEG_4_BY_3))


def test_usage_counts_audio_by_the_second_and_bills_the_context_again(
    scripted: Scripted,
) -> None:
    scripted()

    async def conversation() -> None:
        setup = config(realtime_input_config=MANUAL)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await speak_turn(session, SILENCE_1_S * 4)
            first = (await receive(session)).usage
            await speak_turn(session, SILENCE_1_S * 4)
            second = (await receive(session)).usage
        assert first is not None
        assert second is not None
        assert first.prompt_token_count == 100
        assert second.prompt_token_count == 200 + (first.response_token_count or 0)

    run(conversation())


@pytest.mark.parametrize("how", ["activity", "text", "content"])
def test_new_input_interrupts_the_answer(scripted: Scripted, how: str) -> None:
    simulator = scripted({"when": {"heard": "long"}, "do": [{"say": LONG_TEXT}]})

    async def conversation() -> None:
        setup = config(realtime_input_config=MANUAL)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await session.send_realtime_input(text="A long story, please.")
            await receive(session, "audio")
            match how:
                case "activity":
                    await session.send_realtime_input(activity_start=types.ActivityStart())
                case "text":
                    await session.send_realtime_input(text="Stop.")
                case "content":
                    content = types.Content(role="user", parts=[types.Part(text="Stop.")])
                    await session.send_client_content(turns=content)
            rest = await receive(session)
        assert "generation_complete" not in rest.kinds
        assert [kind for kind in rest.kinds if kind not in {"audio", "resumable"}] == [
            "interrupted",
            "turn_complete",
        ]

    run(conversation())
    assert simulator.journal.sessions[0].turns[0].outcome == "interrupted"


def test_speech_over_an_answer_interrupts_with_automatic_detection(scripted: Scripted) -> None:
    scripted({"when": {"heard": "long"}, "do": [{"say": LONG_TEXT}]})

    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await session.send_realtime_input(text="A long story, please.")
            await receive(session, "audio")
            await speak(session, recording("cards-001.wav"))
            assert "interrupted" in (await receive(session)).kinds

    run(conversation())


def test_no_interruption_lets_the_answer_finish(scripted: Scripted) -> None:
    scripted({"when": {"heard": "long"}, "do": [{"say": "One. Two. Three. Four. Five."}]})

    async def conversation() -> None:
        detection = {**MANUAL, "activity_handling": "NO_INTERRUPTION"}
        setup = config(realtime_input_config=detection)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await session.send_realtime_input(text="A long story, please.")
            await receive(session, "audio")
            await session.send_realtime_input(activity_start=types.ActivityStart())
            assert "generation_complete" in (await receive(session)).kinds

    run(conversation())


def test_interruption_cancels_a_pending_tool_call(scripted: Scripted) -> None:
    simulator = scripted(scenario="f15_tool_call_pending")

    async def conversation() -> None:
        setup = config(
            tools=[{"function_declarations": [BLOCKING_MOVE]}], realtime_input_config=MANUAL
        )
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await session.send_realtime_input(text="Go.")
            asked = await receive(session, "tool_call")
            await session.send_realtime_input(activity_start=types.ActivityStart())
            rest = await receive(session)
            assert rest.cancelled == [asked.calls[0].id]
            late = types.FunctionResponse(id=asked.calls[0].id, name="move", response={})
            await session.send_tool_response(function_responses=late)
            await session.send_realtime_input(activity_end=types.ActivityEnd())
            assert "turn_complete" in (await receive(session)).kinds

    run(conversation())
    record = simulator.journal.sessions[0]
    assert [call.outcome for call in record.tool_calls] == ["cancelled"]
    assert record.late_tool_responses == [record.tool_calls[0].id]


@pytest.mark.parametrize("ids", [["function-call-1"], ["real", "real"]])
def test_unknown_or_repeated_tool_response_closes_1007(scripted: Scripted, ids: list[str]) -> None:
    scripted(scenario="f15_tool_call_pending")

    async def conversation() -> None:
        async with client().aio.live.connect(model=LIVE_MODEL, config=config()) as session:
            await session.send_realtime_input(text="Go.")
            asked = await receive(session, "tool_call")
            for call_id in ids:
                real = asked.calls[0].id if call_id == "real" else call_id
                response = types.FunctionResponse(id=real, name="move", response={})
                await session.send_tool_response(function_responses=response)
            with pytest.raises(errors.APIError) as closed:
                await receive(session, "never")
            assert closed.value.code == 1007

    run(conversation())


def test_transcripts_come_only_if_asked_for(talking: RunningSimulator) -> None:
    async def conversation() -> None:
        setup = {"response_modalities": ["AUDIO"], "realtime_input_config": MANUAL}
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await speak_turn(session, recording("cards-001.wav"))
            received = await receive(session, "turn_complete")
        assert received.audio
        assert (received.heard, received.said) == ("", "")

    run(conversation())


def test_fifty_sessions_are_answered_at_once(scripted: Scripted) -> None:
    simulator = scripted()
    one_turn = SILENCE_1_S

    async def one() -> bytes:
        setup = config(realtime_input_config=MANUAL)
        async with client().aio.live.connect(model=LIVE_MODEL, config=setup) as session:
            await speak_turn(session, one_turn)
            return (await receive(session)).audio

    async def all_of_them() -> list[bytes]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one()) for _ in range(50)]
        return [task.result() for task in tasks]

    answers = run(all_of_them())
    assert len({len(answer) for answer in answers}) == 1
    assert answers[0]
    assert len(simulator.journal.arrivals) == 50 * 50
