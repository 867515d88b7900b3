"""What begins and ends speech, and which input belongs to a turn."""

import base64
from typing import Any

import numpy as np
import pytest
from raw_live import RawLive, audio
from simulating import JPEG_4_BY_3, LIVE_MODEL, RunningSimulator, Scripted, recording, run

from actors.simulator.activity import SpeechDetector
from actors.simulator.capabilities import capabilities
from actors.simulator.realtime_config import RealtimeConfig, TurnCoverage

MODEL_25 = "gemini-2.5-flash-native-audio-latest"
RATE_HZ = 16_000
QUIET_DBFS, LOUD_DBFS = -40.0, -20.0
FAMILY = capabilities().families["live-3.8"]
LOW_START = {"startOfSpeechSensitivity": "START_SENSITIVITY_LOW"}
LOW_END = {"endOfSpeechSensitivity": "END_SENSITIVITY_LOW"}
START, END = {"realtimeInput": {"activityStart": {}}}, {"realtimeInput": {"activityEnd": {}}}
ALL, ONLY, VIDEO = (
    "TURN_INCLUDES_ALL_INPUT",
    "TURN_INCLUDES_ONLY_ACTIVITY",
    "TURN_INCLUDES_AUDIO_ACTIVITY_AND_ALL_VIDEO",
)


def tone(ms: int, dbfs: float) -> bytes:
    samples = np.arange(ms * RATE_HZ // 1000)
    peak = 32767 * 10 ** (dbfs / 20) * 2**0.5
    return bytes((np.sin(samples * 2 * np.pi * 300 / RATE_HZ) * peak).astype("<i2").tobytes())


def silence(ms: int) -> bytes:
    return bytes(ms * RATE_HZ // 1000 * 2)


def events(sound: bytes, **automatic: Any) -> list[str]:
    config = RealtimeConfig.parse({"automaticActivityDetection": automatic}, FAMILY)
    detector = SpeechDetector(RATE_HZ, config.detection)
    return [type(event).__name__.removeprefix("Utterance") for event in detector.feed(sound)]


@pytest.mark.parametrize(
    ("sound", "automatic", "expected"),
    [
        (tone(500, QUIET_DBFS), {}, ["Started"]),
        (
            tone(500, QUIET_DBFS),
            {"startOfSpeechSensitivity": "START_SENSITIVITY_HIGH"},
            ["Started"],
        ),
        (tone(500, QUIET_DBFS), LOW_START, []),
        (tone(500, LOUD_DBFS), LOW_START, ["Started"]),
        (tone(100, LOUD_DBFS), {}, ["Started"]),
        (tone(100, LOUD_DBFS), LOW_START, []),
        (tone(100, LOUD_DBFS), {**LOW_START, "prefixPaddingMs": 20}, ["Started"]),
        (tone(300, LOUD_DBFS), {"prefixPaddingMs": 500}, []),
        (tone(600, LOUD_DBFS), {"prefixPaddingMs": 500}, ["Started"]),
        (tone(20, LOUD_DBFS), {"prefixPaddingMs": 0}, ["Started"]),
    ],
)
def test_start_of_speech_hangs_on_sensitivity_and_padding(
    sound: bytes, automatic: dict[str, Any], expected: list[str]
) -> None:
    assert events(silence(500) + sound + silence(100), **automatic) == expected


@pytest.mark.parametrize(
    ("pause", "automatic", "ended"),
    [
        (silence(1000), {}, True),
        (silence(1000), {"endOfSpeechSensitivity": "END_SENSITIVITY_HIGH"}, True),
        (silence(1000), LOW_END, False),
        (silence(2000), LOW_END, True),
        (silence(1000), {**LOW_END, "silenceDurationMs": 500}, True),
        (tone(1000, -50.0), {"silenceDurationMs": 500}, True),
        (tone(1000, -50.0), {**LOW_END, "silenceDurationMs": 500}, False),
    ],
)
def test_end_of_speech_hangs_on_sensitivity_and_silence(
    pause: bytes, automatic: dict[str, Any], ended: bool
) -> None:
    found = events(silence(300) + tone(500, LOUD_DBFS) + pause, **automatic)
    assert found == (["Started", "Ended"] if ended else ["Started"])


@pytest.mark.parametrize(
    ("family", "given", "expected"),
    [
        ("live-3.8", {}, TurnCoverage.VIDEO),
        ("live-3.1", {"turnCoverage": "TURN_COVERAGE_UNSPECIFIED"}, TurnCoverage.VIDEO),
        ("live-2.5", {}, TurnCoverage.NOTHING),
        ("live-2.5", {"turnCoverage": ALL}, TurnCoverage.EVERYTHING),
        ("live-3.8", {"turnCoverage": ONLY}, TurnCoverage.NOTHING),
    ],
)
def test_coverage_hangs_on_the_family(
    family: str, given: dict[str, Any], expected: TurnCoverage
) -> None:
    assert RealtimeConfig.parse(given, capabilities().families[family]).coverage is expected


def picture() -> dict[str, Any]:
    data = base64.b64encode(JPEG_4_BY_3).decode()
    return {"realtimeInput": {"video": {"data": data, "mimeType": "image/jpeg"}}}


@pytest.mark.parametrize(
    ("model", "coverage", "seen"),
    [
        (LIVE_MODEL, None, 2),
        (LIVE_MODEL, VIDEO, 2),
        (LIVE_MODEL, ALL, 2),
        (LIVE_MODEL, ONLY, 1),
        (MODEL_25, None, 1),
        (MODEL_25, ALL, 2),
    ],
)
def test_pictures_outside_activity_belong_to_a_turn_that_covers_them(
    scripted: Scripted, model: str, coverage: str | None, seen: int
) -> None:
    simulator = scripted()
    realtime = {"automaticActivityDetection": {"disabled": True}, "turnCoverage": coverage}

    async def conversation() -> None:
        async with RawLive(simulator, model, realtimeInputConfig=realtime) as live:
            await live.send(picture(), START, picture(), audio(silence(200)), END)
            await live.until("turnComplete")
            await live.text("What do you see?")
            await live.until("turnComplete", 2)
            noun = "picture. " if seen == 1 else "pictures. "
            assert f"I have received {seen} {noun}The last one is 4 by 3 pixels." in live.said

    run(conversation())
    (session,) = simulator.journal.sessions
    assert (session.video.frames, session.pictures_outside_activity) == (2, 2 - seen)


def audio_tokens(live: RawLive) -> int:
    usage = next(message["usageMetadata"] for message in live.got if "usageMetadata" in message)
    return sum(
        each["tokenCount"] for each in usage["promptTokensDetails"] if each["modality"] == "AUDIO"
    )


@pytest.mark.parametrize("manual", [False, True])
@pytest.mark.parametrize(("coverage", "tokens"), [(ALL, 100), (ONLY, 50), (VIDEO, 50)])
def test_silence_is_counted_where_all_input_belongs_to_the_turn(
    scripted: Scripted, coverage: str, tokens: int, manual: bool
) -> None:
    simulator = scripted()
    detection = {"disabled": manual, "silenceDurationMs": 700, "prefixPaddingMs": 20}
    realtime = {"automaticActivityDetection": detection, "turnCoverage": coverage}

    async def conversation() -> None:
        async with RawLive(simulator, realtimeInputConfig=realtime) as live:
            # Two seconds that belong to nothing, and two of the turn.
            if manual:
                await live.send(audio(silence(2000)), START, audio(tone(2000, LOUD_DBFS)), END)
            else:
                await live.send(audio(silence(2300)))
                # 300 ms before it belong to an utterance, and the silence that ends it.
                await live.send(audio(tone(1000, LOUD_DBFS)), audio(silence(700)))
            await live.until("turnComplete")
            assert audio_tokens(live) == pytest.approx(tokens, abs=8)

    run(conversation())


def test_words_before_the_signal_count_where_all_input_belongs_to_the_turn(
    talking: RunningSimulator,
) -> None:
    realtime = {"automaticActivityDetection": {"disabled": True}}

    async def ask(coverage: str) -> str:
        config = {**realtime, "turnCoverage": coverage}
        async with RawLive(talking, realtimeInputConfig=config) as live:
            await live.send(audio(recording("cards-001.wav")), START, audio(silence(200)), END)
            await live.until("turnComplete")
            return live.said

    assert "Ten of clubs" in run(ask(ALL))
    assert "clubs" not in run(ask(ONLY))
