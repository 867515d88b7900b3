"""A turn is answered over HTTP: words, voice, pictures, history, tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from http_stage import (
    STREAM,
    end_of,
    ready,
    recording,
    said,
    simulator,
    sound,
    speak,
    staged,
    write,
)

from actors.backends.gemini.http.contents import config_of, contents_of
from actors.backends.gemini.http.options import HttpOptions
from actors.backends.turn_kind import TurnKind
from actors.backends.turnwise.request import AnswerRequest
from pipeline.frames import (
    AnswerAudio,
    AnswerEnd,
    Image,
    Side,
    SpeechStarted,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    ToolStatus,
    Transcript,
    Usage,
)

MOVE = {
    "name": "move",
    "description": "Moves the robot.",
    "parameters": {
        "type": "object",
        "properties": {
            "direction": {"type": "string", "enum": ["forward", "backward"]},
            "distance_m": {"type": "number"},
        },
        "required": ["direction", "distance_m"],
    },
}
# The smallest baseline JPEG header that carries a size: SOI, SOF0 of 4 by 3 pixels, EOI.
JPEG_4_BY_3 = bytes.fromhex("ffd8ffc0000b080003000401011100ffd9")
LONG = "This is the first sentence. This is the second one! And is this the third? It is."


def answering(text: str) -> dict[str, Any]:
    return {"when": {"http": STREAM}, "times": 1, "do": [{"say": text}]}


def test_recorded_question_gets_a_spoken_answer(tmp_path: Path) -> None:
    with (
        simulator(tmp_path, ears="moonshine", voice="hibari") as gemini,
        staged(gemini, {"audio", "speech"}) as http,
    ):
        ready(http)
        end = end_of(http, speak(http, recording("cards-001.wav")))
        assert end.end is AnswerEnd.COMPLETE
        assert said(http) == "You said: Ten of clubs."
        pcm = sound(http)
        assert len(pcm) // 2 == end.samples
        assert "ten of clubs" in gemini.hear(pcm, 24_000).lower()


def test_sentences_are_spoken_in_order_and_words_go_with_their_sound(tmp_path: Path) -> None:
    with simulator(tmp_path, answering(LONG)) as gemini, staged(gemini) as http:
        end = end_of(http, speak(http))
        assert [r.said for r in gemini.sentences] == [
            "This is the first sentence.",
            "This is the second one!",
            "And is this the third?",
            "It is.",
        ]
        frames = [f for f in http.sent["transcript"] if isinstance(f, Transcript)]
        assert "".join(f.text for f in frames) == LONG
        assert frames[0].audio_position == 0
        # Each sentence begins where the sound of those before it ended: 60 ms a letter.
        letters = [len(r.said) for r in gemini.sentences]
        assert [f.audio_position for f in frames[:4]] == [
            sum(letters[:n]) * 60 * 24 for n in range(4)
        ]
        assert frames[-1].final
        assert end.samples == len(sound(http)) // 2 == sum(letters) * 60 * 24


def test_first_sound_comes_before_the_text_is_complete(tmp_path: Path) -> None:
    many = " ".join(f"This is sentence number {n} of a long answer." for n in range(40))
    with simulator(tmp_path, answering(many)) as gemini, staged(gemini) as http:
        turn = speak(http)
        http.expect("audio", AnswerAudio)
        # The simulator notes the end once all of the text is out.
        assert gemini.answers[0].ended_ns == 0
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        assert len(gemini.sentences) == 40


def test_words_of_the_user_are_split_off(tmp_path: Path) -> None:
    reply = "<heard>Go forward.</heard>\nMoving."
    with simulator(tmp_path, answering(reply)) as gemini, staged(gemini) as http:
        end_of(http, speak(http))
        assert said(http, Side.USER) == "Go forward."
        assert said(http) == "Moving."
        assert [r.said for r in gemini.sentences] == ["Moving."]


def test_question_about_what_was_said_before_is_understood(tmp_path: Path) -> None:
    wired = {"audio", "speech", "text", "transcript"}
    with simulator(tmp_path) as gemini, staged(gemini, wired) as http:
        for number, words in enumerate(["I have a cat.", "I have a dog."]):
            frame = Transcript(
                turn=f"local:{number}", epoch=0, backend="live", side=Side.USER, text=words
            )
            http.send("transcript", frame)
        end_of(http, write(http, "And what about the second one?"))
        assert said(http) == "The second thing you said was: I have a dog."
        http.sent["transcript"].clear()
        end_of(http, write(http, "What did I say?", 2))
        assert said(http) == "Before that you said: And what about the second one?"


def test_own_spoken_turn_is_remembered(tmp_path: Path) -> None:
    reply = "<heard>I have a cat.</heard> How nice."
    with simulator(tmp_path, answering(reply)) as gemini, staged(gemini) as http:
        end_of(http, speak(http))
        http.sent["transcript"].clear()
        end_of(http, write(http, "What did I just say?"))
        assert said(http) == "Before that you said: I have a cat."


def test_newest_picture_is_seen(tmp_path: Path) -> None:
    wired = {"audio", "speech", "text", "video"}
    with simulator(tmp_path) as gemini, staged(gemini, wired) as http:
        http.send("video", Image(jpeg=JPEG_4_BY_3, width=4, height=3))
        end_of(http, write(http, "What do you see?"))
        assert "The last one is 4 by 3 pixels." in said(http)


def test_usage_of_both_models_is_published(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini) as http:
        turn = end_of(http, speak(http)).turn
        used = {f.model: f for f in http.sent["usage"] if isinstance(f, Usage)}
        words, voice = used["gemini-3.8-flash"], used["gemini-3.8-flash-tts"]
        assert words.turn == voice.turn == turn
        assert words.input_tokens["audio"] == 25
        assert words.output_tokens["text"] > 0
        assert voice.output_tokens["audio"] > 0


WITH_TOOLS = {"audio", "speech", "text", "offer", "results"}


def test_tool_is_called_and_its_result_told(tmp_path: Path) -> None:
    with simulator(tmp_path) as gemini, staged(gemini, WITH_TOOLS) as http:
        http.send("offer", ToolOffer(tools=[MOVE]))
        turn = write(http, "Go forward ten meters.")
        call = http.expect("tool_calls", ToolCall)
        assert (call.turn, call.name) == (turn, "move")
        assert call.args == {"direction": "forward", "distance_m": 10}
        http.expect_nothing("audio")
        result = ToolResult(
            turn=turn,
            call_id=call.call_id,
            name="move",
            status=ToolStatus.OK,
            response={"moved": 10},
        )
        http.send("results", result)
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        assert said(http) == "Moving forward ten meters."
        assert len(gemini.answers) == 2


def test_tool_that_hangs_is_given_up_and_the_model_told(tmp_path: Path) -> None:
    with (
        simulator(tmp_path) as gemini,
        staged(gemini, WITH_TOOLS, tool_timeout_s=0.05) as http,
    ):
        http.send("offer", ToolOffer(tools=[MOVE]))
        turn = write(http, "Go forward ten meters.")
        call = http.expect("tool_calls", ToolCall)
        assert http.expect("tool_calls", ToolCancel).call_id == call.call_id
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        assert said(http) == "That did not work: no result in time."


def test_arguments_that_no_frame_can_carry_are_answered_with_an_error(tmp_path: Path) -> None:
    args = {"direction": "forward", "distance_m": 123456789012345678901234}
    rule = {
        "when": {"http": STREAM},
        "times": 1,
        "do": [{"call": {"name": "move", "args": args}}],
    }
    with simulator(tmp_path, rule) as gemini, staged(gemini, WITH_TOOLS) as http:
        http.send("offer", ToolOffer(tools=[MOVE]))
        turn = write(http, "Go forward.")
        assert end_of(http, turn).end is AnswerEnd.COMPLETE
        why = "distance_m is an integer of more than 64 bits; give it in another form."
        assert said(http) == f"That did not work: not carried out: {why}"
        http.expect_nothing("tool_calls")


def test_interruption_ends_answer_and_requests(tmp_path: Path) -> None:
    slow = {"when": {"http": STREAM}, "do": [{"say": LONG}, {"slow": 0.5}]}
    with simulator(tmp_path, slow) as gemini, staged(gemini) as http:
        turn = speak(http)
        http.expect("audio", AnswerAudio)
        http.send("speech", SpeechStarted(turn="local:32000", position=32_000, at_ns=1))
        assert end_of(http, turn).end is AnswerEnd.INTERRUPTED
        http.sent["audio"].clear()
        # Speech that nobody will hear is not paid for: its connections are gone.
        http.until(lambda: len(gemini.server._acceptor.connections) <= 1, "requests given up")
        http.expect_nothing("audio")
        assert len(gemini.sentences) <= 2


def test_empty_answer_is_none(tmp_path: Path) -> None:
    nothing = {**answering("<heard>Hm</heard>"), "times": 2}
    with simulator(tmp_path, nothing) as gemini, staged(gemini) as http:
        assert end_of(http, speak(http)).end is AnswerEnd.EMPTY
        # It was asked once more.
        assert len(gemini.answers) == 2


@pytest.mark.parametrize("model", ["gemini-3.8-flash-tts", "gemini-2.5-flash-preview-tts"])
def test_voice_of_each_generation_is_understood(tmp_path: Path, model: str) -> None:
    with simulator(tmp_path) as gemini, staged(gemini, tts_model=model, voice="kore") as http:
        assert end_of(http, write(http, "Hello.")).end is AnswerEnd.COMPLETE


def request(**fields: Any) -> AnswerRequest:
    async def call(_name: str, _args: dict[str, Any]) -> dict[str, Any]:
        return {}

    empty: dict[str, Any] = {
        "session": "local",
        "turn": "local:0",
        "epoch": 1,
        "kind": TurnKind.SPOKEN,
        "pcm": b"",
        "text": "",
        "picture": None,
        "history": (),
        "tools": (),
        "manner": HttpOptions(),
        "call": call,
    }
    return AnswerRequest(**{**empty, **fields})


def test_request_holds_history_picture_and_sound() -> None:
    asked = request(pcm=bytes(320), picture=JPEG_4_BY_3, history=(("user", "Hi"), ("model", "Ho")))
    *before, newest = contents_of(asked)
    assert [(c.role, c.parts[0].text) for c in before if c.parts] == [
        ("user", "Hi"),
        ("model", "Ho"),
    ]
    blobs = [part.inline_data for part in newest.parts or []]
    assert [blob.mime_type for blob in blobs if blob] == ["image/jpeg", "audio/wav"]
    assert blobs[1] is not None
    assert blobs[1].data is not None
    assert blobs[1].data.startswith(b"RIFF")


def test_words_are_asked_for_only_where_there_is_sound() -> None:
    options = HttpOptions(system_instruction="Be brief.", language="German", thinking_level="low")
    spoken, typed = (config_of(options, request(pcm=pcm, text="x")) for pcm in (bytes(320), b""))
    assert "<heard>" in str(spoken.system_instruction)
    assert "<heard>" not in str(typed.system_instruction)
    assert str(typed.system_instruction).startswith("Be brief.")
    assert "German" in str(typed.system_instruction)
