"""What is recorded, once, and in which files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.services.recorder.capture import choose
from actors.services.recorder.privacy import Omission, Privacy
from actors.services.recorder.rotation import RotationLimits, is_due, numbered, surplus
from pipeline.bus.seen import Seen
from pipeline.config.description import HIDDEN, DescribedStream, without_secrets
from pipeline.errors import ConfigError


@given(
    published=st.integers(1, 60),
    retained_from=st.integers(0, 59),
    live_from=st.integers(0, 59),
    again_from=st.integers(0, 59),
)
def test_what_is_retained_and_sent_again_is_recorded_once(
    published: int, retained_from: int, live_from: int, again_from: int
) -> None:
    # A producer answers a subscription with what it retained; live frames may come before that,
    # from the moment of the subscription on.
    seen = Seen()
    live = list(range(min(live_from, published - 1), published))
    recorded = [seq for seq in live if seen.is_new(1, seq, retained=False)]
    for start in (retained_from, again_from):
        retained = range(min(start, published - 1), published)
        recorded += [seq for seq in retained if seen.is_new(1, seq, retained=True)]
        seen.replay_ended()
    assert len(recorded) == len(set(recorded))
    assert seen.is_new(1, published, retained=False)
    assert seen.lost == 0


def test_a_restarted_producer_begins_anew_and_its_past_is_not_recorded_again() -> None:
    seen = Seen()
    assert seen.is_new(1, 5, retained=False)
    assert seen.is_new(2, 0, retained=False)
    assert not seen.is_new(1, 6, retained=False)


def test_gaps_are_counted_as_lost() -> None:
    seen = Seen()
    for seq in (3, 4, 7, 9):
        assert seen.is_new(1, seq, retained=False)
    assert seen.lost == 3


def test_sound_retained_with_a_block_that_has_come_is_new_at_the_first_connection() -> None:
    seen = Seen()
    # Sent between the subscription to the stream and that to what was retained.
    assert seen.is_new(1, 99, retained=False)
    assert seen.is_new(1, 74, retained=True, joined=True)
    assert seen.is_new(1, 99, retained=True, joined=True)
    assert not seen.is_new(1, 99, retained=True)
    seen.replay_ended()
    assert seen.is_new(1, 100, retained=False)
    # All of it comes again after a break.
    assert not seen.is_new(1, 74, retained=True, joined=True)
    assert not seen.is_new(1, 99, retained=True, joined=True)
    assert seen.lost == 0


def test_a_producer_that_does_not_count_is_recorded_as_it_comes() -> None:
    seen = Seen()
    assert [seen.is_new(0, 0, retained=False) for _ in range(3)] == [True] * 3


SOUND = {"type": "audio", "pcm": b"\0\0"}
ANSWER = {"type": "answer_audio", "pcm": b"\0\0"}
PICTURE = {"type": "image", "jpeg": b"\xff"}
WORDS = {"type": "transcript", "text": "hello"}
TOOL = {"type": "tool_call", "name": "move", "args": {}}
HEARTBEAT = {"type": "health", "checkpoint": {"state": "c291bmQ="}}
FOREIGN = {"type": "thermal_map", "data": {"cells": [b"\1"]}}


@pytest.mark.parametrize(
    ("privacy", "admitted"),
    [
        (Privacy(), [SOUND, ANSWER, PICTURE, WORDS, TOOL, HEARTBEAT, FOREIGN]),
        (Privacy(frozenset({Omission.AUDIO})), [PICTURE, WORDS, TOOL]),
        (Privacy(frozenset({Omission.IMAGES})), [SOUND, ANSWER, WORDS, TOOL]),
        (Privacy(frozenset(Omission)), [WORDS, TOOL]),
        (Privacy(transcripts_only=True), [WORDS]),
    ],
)
def test_privacy_leaves_out_what_it_says_and_what_may_hold_it(
    privacy: Privacy, admitted: list[dict[str, object]]
) -> None:
    everything = [SOUND, ANSWER, PICTURE, WORDS, TOOL, HEARTBEAT, FOREIGN]
    assert [frame for frame in everything if privacy.admits(frame)] == admitted


def test_words_with_bytes_among_them_are_not_recorded_as_words() -> None:
    assert not Privacy(transcripts_only=True).admits({**WORDS, "sound": b"\0"})


@pytest.mark.parametrize(
    ("size", "age_s", "due"), [(0, 0, False), (99, 59, False), (100, 0, True), (0, 60, True)]
)
def test_a_file_is_followed_by_the_next_when_long_or_old_enough(
    size: int, age_s: float, due: bool
) -> None:
    assert is_due(RotationLimits(max_bytes=100, max_age_s=60), size, age_s) is due
    assert not is_due(RotationLimits(), size, age_s)


def test_the_oldest_files_beyond_those_to_keep_are_removed() -> None:
    files = [numbered(Path("talk.mcap"), number) for number in (1, 2, 3)]
    assert [each.name for each in files] == ["talk.mcap", "talk-2.mcap", "talk-3.mcap"]
    assert surplus(RotationLimits(keep_files=2), files) == files[:1]
    assert surplus(RotationLimits(keep_files=3), files) == []
    assert surplus(RotationLimits(), files) == []


STREAMS = [
    DescribedStream("live", "audio", ["answer_audio"], []),
    DescribedStream("live", "transcript", ["transcript"], []),
    DescribedStream("microphone", "audio", ["audio"], []),
]


def test_streams_are_chosen_by_pattern() -> None:
    assert [s.name for s in choose(STREAMS, ["live.*"])] == ["live.audio", "live.transcript"]
    assert [s.name for s in choose(STREAMS, ["*.audio"])] == ["live.audio", "microphone.audio"]
    with pytest.raises(ConfigError, match=r"mikrophone\.audio.*did you mean 'microphone\.audio'"):
        choose(STREAMS, ["live.*", "mikrophone.audio"])


def test_a_config_is_described_without_its_secrets() -> None:
    config = {
        "public_key": "p" * 40,
        "api_key_env": ["GEMINI_API_KEY"],
        "api_key": "sesame",
        "servers": [{"env": {"TOKEN": "sesame"}, "headers": {"Authorization": "sesame"}}],
        "url": "https://host/?key=sesame-sesame",
        "trigger_tokens": 4,
        "password": "sesame",
    }
    kept = without_secrets(config)
    assert "sesame" not in str(kept)
    assert kept["public_key"] == "p" * 40
    assert kept["api_key_env"] == ["GEMINI_API_KEY"]
    assert kept["trigger_tokens"] == 4
    assert kept["password"] == HIDDEN
