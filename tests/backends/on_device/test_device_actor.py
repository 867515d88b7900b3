"""The device backend by itself: hears, acts, speaks; loads nothing before it is needed."""

from __future__ import annotations

from datetime import datetime

from device_turns import MOVE, OURS, QUOTA, answer_of, recognise, spoken_turn, typed
from local_server import calls, event, local_server

from actors.backends.on_device import Device
from actors.backends.on_device.intents import english
from actors.lib.speech.numbers import words
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    AnswerEnded,
    Audio,
    EndReason,
    Playback,
    PlaybackState,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
)
from pipeline.testing import stage


def test_it_speaks_first_where_a_model_is_to() -> None:
    with stage(Device) as device:
        device.open("anna", speaks_first=True)
        device.send("route", OURS.model_copy(update={"session": "anna"}))
        answer = device.expect("answer", AnswerEnded)
        assert (answer.turn, answer.end) == ("anna:first", AnswerEnd.COMPLETE)
        assert answer.samples
        said = [f for f in device.sent["transcript"] if isinstance(f, Transcript)]
        assert "".join(f.text for f in said) == english().greeting


def test_spoken_command_is_carried_out_once_and_confirmed_aloud() -> None:
    with stage(Device) as device:
        device.send("offer", ToolOffer(tools=[MOVE]))
        device.send("route", OURS)
        for port, frame in spoken_turn("goforward.wav"):
            device.send(port, frame)
        call = device.expect("tool_calls", ToolCall)
        assert (call.name, call.args) == ("move", {"direction": "forward", "distance_m": 10})
        heard = device.expect("transcript", Transcript)
        assert (heard.side, words(heard.text)) == (Side.USER, ["go", "forward", "ten", "meters"])
        device.expect_nothing("audio")
        result = ToolResult(
            turn=call.turn, call_id=call.call_id, name="move", status=ToolStatus.OK, response={}
        )
        device.send("results", result)
        said, pcm, ended = answer_of(device)
        assert said == "Done: move forward ten meters."
        assert (ended.turn, ended.epoch, ended.end) == ("local:0", 1, AnswerEnd.COMPLETE)
        assert ended.samples == len(pcm) // 2
        device.expect_nothing("tool_calls")
    assert recognise(pcm) == ["done", "move", "forward", "ten", "meters"]


def test_what_another_backend_left_unspoken_is_said_and_nothing_is_done_again() -> None:
    with stage(Device) as device:
        device.send("offer", ToolOffer(tools=[MOVE]))
        rest = {"local:0": "I have moved. It is ten o'clock."}
        for port, frame in spoken_turn("goforward.wav"):
            device.send(port, frame)
        device.send("route", OURS.model_copy(update={"unspoken": rest}))
        said, pcm, ended = answer_of(device)
        assert (said, ended.end) == (rest["local:0"], AnswerEnd.COMPLETE)
        assert len(pcm) // 2 == ended.samples > 0
        device.expect_nothing("tool_calls")


def test_command_after_one_that_failed_is_left_out() -> None:
    with stage(Device) as device:
        device.send("offer", ToolOffer(tools=[MOVE]))
        device.send("route", OURS)
        typed(device, "Go left two meters and forward one meter.")
        call = device.expect("tool_calls", ToolCall)
        assert call.args == {"direction": "left", "distance_m": 2}
        result = ToolResult(
            turn=call.turn,
            call_id=call.call_id,
            name="move",
            status=ToolStatus.ERROR,
            response={"error": "wheel stuck"},
        )
        device.send("results", result)
        said, _, _ = answer_of(device)
        assert said == "That did not work: wheel stuck. I left out the rest."
        device.expect_nothing("tool_calls")


def test_time_is_told_aloud() -> None:
    with stage(Device) as device:
        device.send("route", OURS)
        before = datetime.now().astimezone()
        typed(device, "What time is it?")
        said, pcm, _ = answer_of(device)
        after = datetime.now().astimezone()
    told = {f"It is {now.hour % 12 or 12}:{now:%M %p}." for now in (before, after)}
    assert said in told
    assert recognise(pcm)[:2] == ["it", "is"]


def test_fault_of_another_backend_is_explained_and_the_answer_repeated() -> None:
    with stage(Device) as device:
        device.send("backends", QUOTA)
        device.send("route", OURS)
        typed(device, "Why are you so slow?")
        explained, _, ended = answer_of(device)
        assert "because the quota of the Gemini service is used up" in explained
        played = Playback(
            turn=ended.turn,
            epoch=1,
            backend="device",
            state=PlaybackState.FINISHED,
            played_samples=ended.samples,
            at_ns=1,
        )
        device.send("playback", played)
        typed(device, "Repeat that, please.", 2)
        assert answer_of(device)[0] == explained
        typed(device, "What is the capital of Spain?", 3)
        said, _, _ = answer_of(device)
        assert said == (
            "I cannot answer that now, because the quota of the Gemini service is used up."
        )


def test_sound_without_words_gets_an_answer() -> None:
    turn = "local:0"
    with stage(Device) as device:
        device.send("route", OURS)
        device.send("audio", *(Audio(position=320 * i, pcm=bytes(640)) for i in range(50)))
        ended = SpeechEnded(
            turn=turn, start_position=0, position=16_000, at_ns=1, reason=EndReason.SILENCE
        )
        device.send("speech", ended)
        said, pcm, _ = answer_of(device)
    assert said == "I did not understand that. Please say it again."
    assert pcm


def test_local_model_answers_what_the_device_cannot() -> None:
    with local_server() as server, stage(Device, mind=server.mind) as device:
        server.says("It is Madrid. ", "Shall I say more?")
        device.send("route", OURS)
        typed(device, "What is the capital of Spain?")
        said, pcm, ended = answer_of(device)
        assert said == "It is Madrid. Shall I say more?"
        assert ended.samples == len(pcm) // 2 > 24_000
        typed(device, "What time is it?", 2)
        answer_of(device)
        assert len(server.requests) == 1


def test_local_model_that_fails_is_replaced_by_the_reason() -> None:
    with local_server() as server, stage(Device, mind=server.mind) as device:
        server.status = 500
        device.send("route", OURS)
        typed(device, "What is the capital of Spain?")
        said, _, ended = answer_of(device)
        assert said == "I cannot answer that now, because I have no connection."
        assert ended.end is AnswerEnd.COMPLETE
        assert device.actor.counters["local_model_failures"] == 1


def test_local_model_moves_the_robot_and_what_it_did_is_said_if_it_has_no_words() -> None:
    with local_server() as server, stage(Device, mind=server.mind) as device:
        move = '{"direction": "forward", "distance_m": 2}'
        server.answers = [calls("move", move), ["data: [DONE]"]]
        device.send("offer", ToolOffer(tools=[MOVE]))
        device.send("route", OURS)
        typed(device, "Would you be so kind as to come over here?")
        call = device.expect("tool_calls", ToolCall)
        assert (call.name, call.args) == ("move", {"direction": "forward", "distance_m": 2})
        result = ToolResult(
            turn=call.turn, call_id=call.call_id, name="move", status=ToolStatus.OK, response={}
        )
        device.send("results", result)
        assert answer_of(device)[0] == "Done: move forward two meters."


def test_local_model_is_stopped_when_the_user_speaks() -> None:
    with local_server() as server, stage(Device, mind=server.mind) as device:
        server.lines, server.hangs = [event("One. "), event("Two")], True
        device.send("route", OURS)
        typed(device, "Count to a hundred, please.")
        device.expect("audio", AnswerAudio)
        device.send("speech", SpeechStarted(turn="local:16000", position=16_000, at_ns=1))
        assert device.expect("answer", AnswerEnded).end is AnswerEnd.INTERRUPTED
        assert server.hung_up.wait(5)
