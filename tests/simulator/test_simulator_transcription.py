"""Models that do not converse: one writes down what it hears, one says it again."""

from typing import Any

import pytest
from conftest import Scripted
from google.genai import errors, types
from simulating import MANUAL, SPEECH, RunningSimulator, client, receive, recording, run, speak_turn

TRANSCRIBE, TRANSLATE = "gemini-3.5-transcribe-live", "gemini-3.5-live-translate-preview"


def hold(model: str, **config: Any) -> Any:
    async def talk() -> Any:
        options = {"realtime_input_config": MANUAL, **config}
        async with client().aio.live.connect(model=model, config=options) as session:
            await speak_turn(session, recording("cards-001.wav"))
            return await receive(session, "turn_complete")

    return run(talk())


def test_utterance_is_one_transcript_without_an_answer(talking: RunningSimulator) -> None:
    received = hold(TRANSCRIBE, response_modalities=["TEXT"], input_audio_transcription={})
    assert received.heard == "Ten of clubs."
    assert received.kinds.count("input_transcription") == 1
    assert received.audio == b""


def test_interpreter_says_what_it_heard(talking: RunningSimulator) -> None:
    received = hold(
        TRANSLATE,
        response_modalities=["AUDIO"],
        output_audio_transcription={},
        translation_config=types.TranslationConfig(target_language_code="de"),
    )
    assert "ten of clubs" in received.said.lower()
    assert received.audio


def test_transcriber_gives_text_only(scripted: Scripted) -> None:
    scripted()
    with pytest.raises(errors.APIError, match="response modalities"):
        hold(TRANSCRIBE, response_modalities=["AUDIO"])


def test_file_is_transcribed_over_http(talking: RunningSimulator) -> None:
    sound = types.Part.from_bytes(
        data=(SPEECH / "cards-001.wav").read_bytes(), mime_type="audio/wav"
    )
    with client() as sdk:
        answer = sdk.models.generate_content(model="gemini-3.5-transcribe", contents=[sound])
    assert answer.text == "Ten of clubs."
