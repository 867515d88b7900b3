"""How a turn goes in time: playback, interruption, transcripts, lifetimes, the context window."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_live import RawLive, audio, kinds_of, user
from simulating import LIVE_MODEL, RunningSimulator, Scripted, recording, run

from actors.simulator import lifetimes
from actors.simulator.transcripts import fragments

THINKING_MODEL = f"{LIVE_MODEL}-extended-thinking"
MODEL_25 = "gemini-2.5-flash-native-audio-latest"
MANUAL = {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}}
STORY = {"when": {"heard": "story"}, "do": [{"say": "A sentence of some length is said. " * 5}]}
START, END = {"realtimeInput": {"activityStart": {}}}, {"realtimeInput": {"activityEnd": {}}}
THINKING = {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}}


def test_turn_complete_comes_when_the_answer_has_been_played(scripted: Scripted) -> None:
    simulator = scripted(playback_speed=4)

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.text("Hello there.")
            await live.until("turnComplete")

    run(conversation())
    turn = simulator.journal.sessions[0].turns[0]
    generated_ms = (turn.generated_ns - turn.first_audio_ns) / 1e6
    played_ms = (turn.ended_ns - turn.first_audio_ns) / 1e6
    assert generated_ms < turn.answer_ms / 8
    assert played_ms >= turn.answer_ms / 4 - 1


def test_turn_complete_comes_at_once_on_request(scripted: Scripted) -> None:
    simulator = scripted(STORY, turn_complete_after_playback=False, playback_speed=0.01)

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.text("A story.")
            await live.until("turnComplete")

    run(conversation())


@pytest.mark.parametrize(
    ("until", "outcome"), [("generationComplete", "answered"), ("modelTurn", "broken")]
)
def test_a_client_who_leaves_breaks_an_answer_only_if_it_has_not_all_of_it(
    scripted: Scripted, until: str, outcome: str
) -> None:
    simulator = scripted(STORY, playback_speed=0.01, answer_speed=(1, 1))

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.text("A story.")
            await live.until(until)
            assert "turnComplete" not in live.kinds

    run(conversation())
    simulator.stop()
    assert simulator.journal.sessions[0].turns[0].outcome == outcome


@pytest.mark.parametrize("how", ["activity", "speech", "text", "content"])
def test_playback_is_interrupted_after_generation(scripted: Scripted, how: str) -> None:
    simulator = scripted(playback_speed=0.01)
    manual: dict[str, Any] = MANUAL if how == "activity" else {}

    async def conversation() -> None:
        async with RawLive(simulator, **manual) as live:
            await live.text("Hello.")
            await live.until("generationComplete")
            assert "turnComplete" not in live.kinds
            match how:
                case "activity":
                    await live.send(START)
                case "speech":
                    await live.send(audio(recording("cards-001.wav")))
                case "text":
                    await live.text("Stop.")
                case "content":
                    await live.content(user("Stop."))
            await live.until("turnComplete")
            kinds = live.kinds
            assert kinds[kinds.index("generationComplete") :] == [
                "generationComplete",
                "interrupted",
                "turnComplete",
            ]

    run(conversation())
    assert simulator.journal.sessions[0].turns[0].outcome == "interrupted"


@pytest.mark.parametrize("how", ["activity", "text"])
def test_no_interruption_answers_one_after_the_other(scripted: Scripted, how: str) -> None:
    simulator = scripted(STORY)
    setup = {
        "realtimeInputConfig": {
            **MANUAL["realtimeInputConfig"],
            "activityHandling": "NO_INTERRUPTION",
        }
    }

    async def conversation() -> None:
        async with RawLive(simulator, **setup) as live:
            await live.text("A story, please.")
            await live.until("modelTurn")
            if how == "activity":
                await live.send(START, audio(bytes(32_000)), END)
            else:
                await live.text("And then?")
            await live.until("turnComplete", 2)
            assert "interrupted" not in live.kinds
            assert live.kinds.count("generationComplete") == 2

    run(conversation())
    turns = simulator.journal.sessions[0].turns
    assert [turn.outcome for turn in turns] == ["answered", "answered"]
    assert turns[1].started_ns >= turns[0].ended_ns


def test_session_cannot_be_resumed_while_it_answers(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> list[str]:
        async with RawLive(simulator, sessionResumption={}) as live:
            await live.text("Hello.")
            await live.until("resumable")
            await live.text("Hello again.")
            await live.until("resumable", 2)
            return [kind for kind in live.kinds if kind.endswith(("resumable", "turnComplete"))]

    assert run(conversation()) == ["not_resumable", "turnComplete", "resumable"] * 2


@given(st.lists(st.text("abc", min_size=1, max_size=4), max_size=20), st.integers())
def test_fragments_joined_are_the_words(words: list[str], seed: int) -> None:
    text = " ".join(words)
    cut = fragments(text, random.Random(seed))
    assert "".join(cut) == text
    assert len(cut) >= len(words) / 3


def test_transcript_of_the_user_comes_in_fragments(talking: RunningSimulator) -> None:
    async def conversation() -> list[str]:
        async with RawLive(talking, **MANUAL) as live:
            await live.send(START, audio(recording("goforward.wav")), END)
            await live.until("turnComplete")
            contents = [message.get("serverContent", {}) for message in live.got]
            return [c["inputTranscription"]["text"] for c in contents if "inputTranscription" in c]

    heard = run(conversation())
    assert "".join(heard) == "Go forward ten meters."
    assert len(heard) > 1


def test_transcript_of_a_turn_that_was_interrupted_at_once_is_not_lost(
    talking: RunningSimulator,
) -> None:
    async def conversation() -> str:
        async with RawLive(talking, **MANUAL) as live:
            await live.send(START, audio(recording("goforward.wav")), END, START)
            await live.send(audio(recording("cards-001.wav")), END)
            await live.until("turnComplete", 2)
            contents = [message.get("serverContent", {}) for message in live.got]
            usage = [m["usageMetadata"] for m in live.got if "usageMetadata" in m][-1]
            assert usage["promptTokenCount"] > 90
            return "|".join(
                c["inputTranscription"]["text"] for c in contents if "inputTranscription" in c
            )

    heard = run(conversation()).replace("|", "")
    assert "Go forward ten meters." in heard
    assert "Ten of clubs." in heard


@pytest.mark.parametrize(("model", "together"), [(LIVE_MODEL, True), (MODEL_25, False)])
def test_words_travel_with_the_sound_on_3_x_only(
    scripted: Scripted, model: str, together: bool
) -> None:
    simulator = scripted(STORY)

    async def conversation() -> None:
        async with RawLive(simulator, model) as live:
            await live.text("A story.")
            await live.until("turnComplete")
            contents = [message.get("serverContent", {}) for message in live.got]
            both = [c for c in contents if "modelTurn" in c and "outputTranscription" in c]
            assert bool(both) is together
            parts = [len(c["modelTurn"]["parts"]) for c in contents if "modelTurn" in c]
            assert set(parts) == {1}
            assert live.said == ("A sentence of some length is said. " * 5).strip()

    run(conversation())


def test_several_audio_parts_come_on_request(scripted: Scripted) -> None:
    simulator = scripted(STORY, audio_parts=2)

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.text("A story.")
            await live.until("turnComplete")
            turns = [m["serverContent"].get("modelTurn") for m in live.got if "serverContent" in m]
            assert {len(turn["parts"]) for turn in turns if turn} == {1, 2}

    run(conversation())


def test_extended_thinking_says_something_first_and_is_idle_with_the_last_turn(
    scripted: Scripted,
) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with RawLive(simulator, THINKING_MODEL, **THINKING) as live:
            await live.text("Hello.")
            last = await live.until("IDLE")
            kinds = [
                kind for kind in live.kinds if kind not in {"modelTurn", "outputTranscription"}
            ]
            assert kinds[1:] == [
                *("generationComplete", "turnComplete", "IN_PROGRESS"),
                *("generationComplete", "turnComplete", "IDLE"),
            ]
            assert kinds_of(last) == ["turnComplete", "IDLE"]
            assert last["usageMetadata"]["thoughtsTokenCount"] > 0
            assert live.said == "One moment. You said: Hello."

    run(conversation())


def test_connection_ends_after_its_time_with_a_goaway(scripted: Scripted) -> None:
    simulator = scripted(connection_s=1.0)

    async def conversation() -> tuple[int | None, str]:
        async with RawLive(simulator) as live:
            goaway = await live.until("goAway")
            assert float(goaway["goAway"]["timeLeft"].rstrip("s")) == pytest.approx(1 / 6, abs=0.01)
            return await live.closed()

    code, reason = run(conversation())
    assert code == 1008
    assert reason.startswith("Connection aborted because the client failed to close")


JPEG = "/9j/wAALCAADAAQBAREA/9k="


@pytest.mark.parametrize("pictures", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_session_without_compression_lasts_so_long(
    scripted: Scripted, pictures: bool, compressed: bool
) -> None:
    simulator = scripted(audio_session_s=None if pictures else 0.5, video_session_s=0.5)
    setup = {"contextWindowCompression": {"slidingWindow": {}}} if compressed else {}

    async def conversation() -> None:
        async with RawLive(simulator, sessionResumption={}, **setup) as live:
            if pictures:
                blob = {"data": JPEG, "mimeType": "image/jpeg"}
                await live.send({"realtimeInput": {"video": blob}})
            await live.text("Hello.")
            await live.until("resumable")
            handle = live.got[-1]["sessionResumptionUpdate"]["newHandle"]
            if compressed:
                await live.until_quiet(0.7)
                assert live.close[0] is None
                return
            assert (await live.closed())[0] == 1008
            assert "goAway" in live.kinds
        async with RawLive(simulator, sessionResumption={"handle": handle}, **setup) as live:
            assert live.close == (1008, "BidiGenerateContent session not found")

    run(conversation())


def test_end_of_a_session_is_announced_once_to_who_resumes_it(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Announced after 1.2 s, over 4 s later: long enough to resume it on a machine under load.
    monkeypatch.setattr(lifetimes, "LEAD_SHARE", 0.8)
    simulator = scripted(audio_session_s=6.0)

    async def conversation() -> None:
        async with RawLive(simulator, sessionResumption={}) as live:
            await live.text("Hello.")
            await live.until("resumable")
            handle = live.got[-1]["sessionResumptionUpdate"]["newHandle"]
            await live.until("goAway")
        async with RawLive(simulator, sessionResumption={"handle": handle}) as live:
            assert (await live.closed())[0] == 1008
            assert live.kinds == ["setupComplete"]

    run(conversation())


def prompt_tokens(live: RawLive) -> list[int]:
    return [m["usageMetadata"]["promptTokenCount"] for m in live.got if "usageMetadata" in m]


def test_context_window_slides_and_the_prompt_stays_bounded(scripted: Scripted) -> None:
    simulator = scripted()
    sliding = {"triggerTokens": 400, "slidingWindow": {"targetTokens": 200}}

    async def conversation() -> None:
        async with RawLive(simulator, contextWindowCompression=sliding) as live:
            for number in range(1, 8):
                await live.text(f"Number {number}. " + "word " * 50)
                await live.until("turnComplete", number)
            assert max(prompt_tokens(live)) < 600
            await live.text("And the first one?")
            await live.until("turnComplete", 8)
            assert "Number 1." not in live.said.rpartition("The first thing you said was: ")[2]

    run(conversation())


def test_context_beyond_the_window_closes(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> tuple[int | None, str]:
        async with RawLive(simulator) as live:
            await live.text("word " * 110_000)
            return await live.closed()

    code, reason = run(conversation())
    assert code == 1007
    assert "exceeds the maximum number of tokens allowed (131072)" in reason


def test_history_tools_and_calls_are_counted(scripted: Scripted) -> None:
    simulator = scripted()

    async def conversation() -> None:
        async with RawLive(simulator) as live:
            await live.content(
                user("a" * 400), {"role": "model", "parts": [{"text": "b" * 400}]}, complete=False
            )
            await live.text("Hi!!")
            await live.until("turnComplete")
            assert prompt_tokens(live) == [201]

    run(conversation())
