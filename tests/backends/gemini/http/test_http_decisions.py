"""Which key, whether again, how it stands, what the bytes are: without a clock or a socket."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.credentials import find_keys
from actors.backends.gemini.http.availability import LOOK, Availability, availability_of
from actors.backends.gemini.http.pcm_stream import PcmStream
from actors.backends.gemini.http.retry import DAY_REST_S, Attempts, with_daily_quota
from actors.backends.gemini.keys import KeyPool, ServerKey
from actors.backends.gemini.server import Server
from actors.backends.turnwise.request import AnswerFailedError, Sound
from pipeline.errors import CredentialError
from pipeline.frames import BackendState, FaultClass


def info(fault: FaultClass, retry_after_s: float | None = None) -> FaultInfo:
    return FaultInfo(fault, FaultAction.BACK_OFF, None, "for the test", "", retry_after_s)


QUOTA = info(FaultClass.QUOTA, 29.0)
AUTH = info(FaultClass.AUTH)
TRANSIENT = info(FaultClass.TRANSIENT)


class Keys:
    """A pool of one server, whose keys are named by letters."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.server = Server(tuple(keys))
        self.pool = KeyPool((self.server,))
        self.wait_s = self.pool.wait_s

    def failed(self, key: str, model: str, info: FaultInfo, now_s: float) -> None:
        self.pool.failed(ServerKey(self.server, key), model, info, now_s)

    def usable(self, model: str, now_s: float) -> str | None:
        which = self.pool.usable(model, now_s)
        return None if which is None else which.key


def test_key_that_works_is_kept() -> None:
    pool = Keys(["a", "b"])
    assert [pool.usable("m", now_s) for now_s in (0.0, 1.0, 2.0)] == ["a", "a", "a"]


def test_key_rests_as_long_as_the_service_says() -> None:
    pool = Keys(["a", "b"])
    pool.failed("a", "m", QUOTA, 100.0)
    assert pool.usable("m", 128.9) == "b"
    pool.failed("b", "m", info(FaultClass.QUOTA), 110.0)
    assert pool.usable("m", 128.9) is None
    assert pool.wait_s("m", 120.0) == 9.0
    assert pool.usable("m", 129.0) == "a"


def test_key_that_rests_for_one_model_serves_for_another() -> None:
    pool = Keys(["a"])
    pool.failed("a", "m", QUOTA, 0.0)
    assert pool.usable("m", 1.0) is None
    assert pool.usable("n", 1.0) == "a"


@pytest.mark.parametrize("fault", [FaultClass.AUTH, FaultClass.BILLING])
def test_refused_key_is_never_used_again(fault: FaultClass) -> None:
    pool = Keys(["a"])
    pool.failed("a", "m", info(fault), 0.0)
    assert pool.usable("n", 1e9) is None
    assert pool.wait_s("n", 1e9) is None


@pytest.mark.parametrize("fault", [FaultClass.TRANSIENT, FaultClass.NETWORK, FaultClass.MODEL])
def test_failure_that_is_not_the_keys_leaves_it_in_use(fault: FaultClass) -> None:
    pool = Keys(["a", "b"])
    pool.failed("a", "m", info(fault), 0.0)
    assert pool.usable("m", 0.0) == "a"


def test_without_keys_there_is_none() -> None:
    assert Keys([]).usable("m", 0.0) is None
    assert Keys([]).wait_s("m", 0.0) is None


FAILURES = st.tuples(
    st.sampled_from("abc"), st.sampled_from("mn"), st.sampled_from([QUOTA, AUTH, TRANSIENT])
)


@given(st.lists(st.tuples(FAILURES, st.floats(0, 30))))
def test_key_is_usable_exactly_when_the_wait_is_over(
    story: list[tuple[tuple[str, str, FaultInfo], float]],
) -> None:
    pool = Keys("abc")
    now_s = 0.0
    for (key, model, why), passed_s in story:
        pool.failed(key, model, why, now_s)
        now_s += passed_s
        for name in "mn":
            wait_s = pool.wait_s(name, now_s)
            assert (pool.usable(name, now_s) is not None) == (wait_s == 0.0)
            if wait_s is not None:
                assert pool.usable(name, now_s + wait_s + 1e-6) is not None


def test_all_keys_are_found_in_environment_or_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GEMINI_API_KEY='one-key, two-key,one-key'\n")
    assert find_keys(["GEMINI_API_KEY"], [tmp_path], {}) == ("one-key", "two-key")
    environ = {"GEMINI_API_KEY": "three-key"}
    assert find_keys(["GEMINI_API_KEY"], [tmp_path], environ) == ("three-key",)
    with pytest.raises(CredentialError, match="set OTHER"):
        find_keys(["OTHER"], [tmp_path], environ)


@pytest.mark.parametrize(
    ("fault", "other_key", "waits"),
    [
        (FaultClass.QUOTA, True, [0.0, 0.0, 0.0, 0.0]),
        (FaultClass.QUOTA, False, [None]),
        (FaultClass.AUTH, True, [0.0]),
        (FaultClass.TRANSIENT, True, [0.25, 0.5, None]),
        (FaultClass.NETWORK, False, [0.25, 0.5, None]),
        (FaultClass.UNKNOWN, False, [0.25, 0.5, None]),
        (FaultClass.FROZEN, True, [None]),
        (FaultClass.MODEL, True, [None]),
        (FaultClass.BAD_REQUEST, True, [None]),
        (FaultClass.POLICY, True, [None]),
    ],
)
def test_when_to_try_again(fault: FaultClass, other_key: bool, waits: list[float | None]) -> None:
    attempts = Attempts(3, random=lambda: 1.0)
    assert [attempts.wait_s(info(fault), other_key=other_key) for _ in waits] == waits


def test_quota_of_the_day_is_not_asked_for_again_in_a_minute() -> None:
    details = {"error": {"details": [{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}]}}
    assert with_daily_quota(QUOTA, details).retry_after_s == DAY_REST_S
    assert with_daily_quota(QUOTA, {}).retry_after_s == 29.0
    assert with_daily_quota(TRANSIENT, details) == TRANSIENT


@pytest.mark.parametrize(
    ("fault", "keys_in_s", "failures", "state", "look_in_s"),
    [
        (None, 0.0, 0, BackendState.READY, None),
        (None, 12.0, 0, BackendState.UNAVAILABLE, 12.0),
        (FaultClass.QUOTA, 60.0, 1, BackendState.UNAVAILABLE, 60.0),
        (FaultClass.AUTH, None, 1, BackendState.UNAVAILABLE, None),
        (FaultClass.MODEL, 0.0, 1, BackendState.UNAVAILABLE, None),
        (FaultClass.BAD_REQUEST, 0.0, 1, BackendState.READY, None),
        (FaultClass.TRANSIENT, 0.0, 1, BackendState.DEGRADED, 5.0),
        (FaultClass.NETWORK, 0.0, 2, BackendState.DEGRADED, 10.0),
        (FaultClass.FROZEN, 0.0, 99, BackendState.DEGRADED, LOOK.longest_s),
    ],
)
def test_how_it_stands(
    fault: FaultClass | None,
    keys_in_s: float | None,
    failures: int,
    state: BackendState,
    look_in_s: float | None,
) -> None:
    now = availability_of(info(fault) if fault else None, keys_in_s, failures)
    assert (now.state, now.look_in_s) == (state, look_in_s)
    assert isinstance(now, Availability)


def wav(pcm: bytes, rate_hz: int = 16_000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(pcm)
    return file.getvalue()


def read(data: bytes, size: int, mime_type: str) -> tuple[bytes, set[int]]:
    stream = PcmStream()
    sounds = [stream.feed(data[at : at + size], mime_type) for at in range(0, len(data), size)]
    found = [sound for sound in sounds if isinstance(sound, Sound)]
    assert all(len(sound.pcm) % 2 == 0 for sound in found)
    return b"".join(sound.pcm for sound in found), {sound.rate_hz for sound in found}


PCM = bytes(range(256)) * 4
ENDLESS = wav(PCM).replace(b"data" + len(PCM).to_bytes(4, "little"), b"data" + b"\xff" * 4)


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize(
    ("data", "mime_type", "rate_hz"),
    [
        (PCM, "audio/L16;codec=pcm;rate=24000", 24_000),
        (PCM, "audio/L16;rate=16000", 16_000),
        (PCM, "audio/L16", 24_000),
        (wav(PCM), "audio/wav", 16_000),
        # Its kind is in the bytes, whatever it is called; what follows the samples is no sound.
        (wav(PCM, 24_000) + b"LIST\x04\x00\x00\x00abcd", "audio/L16;rate=16000", 24_000),
        (ENDLESS, "", 16_000),
        (wav(PCM)[:12] + b"JUNK\x03\x00\x00\x00xyz\x00" + wav(PCM)[12:], "", 16_000),
    ],
)
def test_samples_are_found_in_whatever_comes(
    data: bytes, mime_type: str, rate_hz: int, size: int
) -> None:
    assert read(data, size, mime_type) == (PCM, {rate_hz})


def test_stereo_is_refused() -> None:
    with pytest.raises(AnswerFailedError, match="2 channels"):
        PcmStream().feed(wav(PCM, channels=2), "audio/wav")
