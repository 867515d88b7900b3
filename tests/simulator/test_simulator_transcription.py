"""Models that do not converse: one writes down what it hears, one says it again."""

from typing import Any

import pytest
from google.genai import errors, types
from raw_live import RawLive, audio
from simulating import (
    LIVE_MODEL,
    MANUAL,
    SPEECH,
    RunningSimulator,
    Scripted,
    client,
    receive,
    recording,
    run,
    speak_turn,
)

from actors.simulator.transcription_config import TranscriptionConfig

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


def transcripts(model: str, simulator: RunningSimulator, **setup: Any) -> list[dict[str, Any]]:
    async def talk() -> list[dict[str, Any]]:
        async with RawLive(simulator, model, **setup) as live:
            await live.send(audio(recording("cards-001.wav")), audio(bytes(32_000)))
            await live.until("turnComplete")
            contents = [message.get("serverContent", {}) for message in live.got]
            names = ("inputTranscription", "outputTranscription")
            return [content[name] for content in contents for name in names if name in content]

    found: list[dict[str, Any]] = run(talk())
    assert found
    return found


@pytest.mark.parametrize(
    ("model", "setup", "languages"),
    [
        (LIVE_MODEL, {}, {None}),
        (LIVE_MODEL, {"inputAudioTranscription": {"languageCodes": ["de-DE", "en-GB"]}}, {"en-GB"}),
        (LIVE_MODEL, {"inputAudioTranscription": {"languageCodes": ["de-DE"]}}, {"de-DE"}),
        (TRANSCRIBE, {"generationConfig": {"responseModalities": ["TEXT"]}}, {"en-US"}),
        (TRANSLATE, {}, {"en-US"}),
        (
            TRANSLATE,
            {
                "generationConfig": {
                    "responseModalities": ["AUDIO"],
                    "translationConfig": {"targetLanguageCode": "es"},
                }
            },
            {"en-US", "es"},
        ),
    ],
)
def test_transcripts_name_the_language(
    talking: RunningSimulator, model: str, setup: dict[str, Any], languages: set[str | None]
) -> None:
    output = {"outputAudioTranscription": {}} if model == TRANSLATE else {}
    setup = {"outputAudioTranscription": None, **output, **setup}
    named = {each.get("languageCode") for each in transcripts(model, talking, **setup)}
    assert named == languages


def test_vocabulary_decides_between_words_that_sound_alike(talking: RunningSimulator) -> None:
    wanted = {"customVocabulary": ["Klubs", "Nabucco"]}
    setup = {"inputAudioTranscription": wanted, "outputAudioTranscription": None}
    heard = "".join(each["text"] for each in transcripts(LIVE_MODEL, talking, **setup))
    assert heard == "Ten of Klubs."


@pytest.mark.parametrize(
    ("vocabulary", "heard", "written"),
    [
        (["Kubernetes"], "I run kubernetis, daily.", "I run Kubernetes, daily."),
        (["Mister Dashwood"], "And mister dashwood had", "And Mister Dashwood had"),
        (["Dashwood", "Ashwood"], "a tree", "a tree"),
        (["x" * 1_000_000, " ", "a b c d e"], "a b", "a b"),
        ([], " spoken  words ", "spoken words"),
    ],
)
def test_vocabulary_replaces_only_what_is_nearly_it(
    vocabulary: list[str], heard: str, written: str
) -> None:
    config = TranscriptionConfig.parse({"customVocabulary": vocabulary})
    assert config is not None
    assert config.corrected(heard) == written
