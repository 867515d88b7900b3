"""The device in other languages: typed, spoken, and where it has no ears for one."""

from __future__ import annotations

import numpy as np
import pytest
from device_turns import MOVE, OURS, DeviceStage, answer_of, spoken_turn

from actors.backends.on_device import Device
from actors.lib.languages.line import line
from actors.lib.languages.phrases import table_of
from actors.lib.speech.espeak import NoVoiceError
from actors.lib.speech.voices import cannot_speak, spoken_in
from pipeline.frames import AnswerEnd, Fault, FaultClass, Side, ToolOffer, Transcript, UserText
from pipeline.testing import stage

TYPED = {
    "de-DE": "Wie heißt du?",
    "es-MX": "¿Quién eres?",
    "fr": "Qui êtes-vous ?",
    "pt-BR": "Quem é você?",
    "hi-IN": "आप कौन हैं?",
    "ar": "من أنت؟",
    "ja": "あなたは誰ですか。",
}


def loudness(pcm: bytes) -> float:
    return float(np.abs(np.frombuffer(pcm, "<i2")).max())


def speak_to(device: DeviceStage, language: str) -> None:
    """Anna has a tool and says, in English, to go forward ten meters."""
    device.open("anna", language=language)
    device.send("offer", ToolOffer(tools=[MOVE]))
    device.send("route", OURS.model_copy(update={"session": "anna"}))
    for port, frame in spoken_turn("goforward.wav"):
        turn = {"turn": "anna:0"} if hasattr(frame, "turn") else {}
        device.send(port, frame.model_copy(update={"session": "anna", **turn}))


def test_a_session_is_answered_in_its_language_and_told_there_what_is_wrong() -> None:
    with stage(Device) as device:
        for language, question in TYPED.items():
            phrases = table_of(language)
            device.open(language, language=language)
            device.send("route", OURS.model_copy(update={"session": language}))
            fault = Fault(session=language, backend="live", fault=FaultClass.QUOTA, retry=False)
            device.send("backends", fault)
            for turn, asked in enumerate((question, "12345")):
                text = UserText(session=language, turn=f"{language}:t{turn}", text=asked)
                device.send("text", text)
                said, pcm, ended = answer_of(device)
                assert (ended.session, ended.end) == (language, AnswerEnd.COMPLETE)
                quota = line(phrases.reasons["quota"])
                expected = phrases.say("cannot", reason=quota) if turn else phrases.say("who")
                assert said == expected.written
                assert loudness(pcm) > 3000
            device.end(language)


@pytest.mark.parametrize("language", ["de", "hi", "ar", "ja"])
def test_speech_in_a_language_it_has_no_ears_for_is_not_guessed_at(language: str) -> None:
    with stage(Device) as device:
        speak_to(device, language)
        said, pcm, _ = answer_of(device)
        assert said == table_of(language).say("no_ears").written
        assert loudness(pcm) > 3000
        device.expect_nothing("tool_calls")


def test_of_two_languages_it_goes_by_what_makes_sense_in_the_one_it_hears() -> None:
    with stage(Device) as device:
        speak_to(device, "hi, en-IN")
        heard = device.expect("transcript", Transcript)
        assert (heard.side, heard.text) == (Side.USER, "Go forward ten meters.")


def test_what_is_typed_is_answered_in_the_language_it_is_in() -> None:
    with stage(Device) as device:
        device.send("route", OURS)
        for number, asked in enumerate(["Wer bist du?", "من أنت؟", "Who are you?"]):
            device.send("text", UserText(turn=f"local:t{number}", text=asked))
            said, _, _ = answer_of(device)
            language = ("de", "ar", "en")[number]
            assert said == table_of(language).say("who").written


def test_the_time_is_told_in_the_languages_of_the_config() -> None:
    with stage(Device, language=["hi", "de"]) as device:
        device.send("route", OURS)
        device.send("text", UserText(turn="local:t1", text="कितने बजे हैं?"))
        assert "बज" in answer_of(device)[0]
        device.send("text", UserText(turn="local:t2", text="Wie spät ist es?"))
        assert answer_of(device)[0].startswith("Es ist ")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Guten Tag."),
        ("hi", "नमस्ते, आप कैसे हैं?"),
        ("ar", "مرحبا، كيف حالك؟"),
        ("ja", "今日は天気がいいです。"),
        ("zh", "你好，今天天气很好。"),
        ("th", "สวัสดีครับ"),
        ("he", "שלום, מה שלומך?"),
        ("pt-PT", "Bom dia."),
        ("ko", "안녕하세요"),
    ],
)
def test_any_language_has_a_voice(language: str, text: str) -> None:
    assert cannot_speak(language) == ""
    pcm = spoken_in(text, language)
    assert 0.4 < len(pcm) / 48_000 < 6
    assert loudness(pcm) > 3000


def test_a_language_without_a_voice_says_so() -> None:
    assert "no voice for 'xx'" in cannot_speak("xx")
    with pytest.raises(NoVoiceError, match="no voice for 'xx'"):
        spoken_in("Hm.", "xx")
