"""When an answer begins, has a gap, is cut, and how the script of a person follows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from actors.cli.calling.bad_network import BadNetwork, Weather
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.hearing import Hearing
from actors.cli.calling.line_queue import PlacedMark, Stretch
from actors.cli.calling.orders import EndAnswer
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.lib.audio.pcm import Samples
from pipeline.errors import ConfigError

RATE_HZ = 8_000
BLOCK = 160
LOUD: Samples = np.full(BLOCK, 8_000, np.int16)
NOISE: Samples = np.full(BLOCK, 20, np.int16)
SILENCE: Samples = np.zeros(BLOCK, np.int16)


class Line:
    """Plays what is written: a letter for 20 ms of what is said, and of what is heard.

    Heard: `a` an answer, `n` noise, `.` a dry line, `s` silence that was sent. Said: `w` a word.
    """

    def __init__(self) -> None:
        self.told: list[Happening] = []
        self.hearing = Hearing(RATE_HZ, self.told.append)
        self.blocks = 0

    def play(self, said: str, heard: str) -> None:
        for word, sound in zip(said, heard, strict=True):
            self.hearing.said(LOUD if word == "w" else SILENCE, self.blocks * 0.02)
            samples = {"a": LOUD, "n": NOISE}.get(sound, SILENCE)
            self.hearing.hear(Stretch(samples, 0, 0 if sound == "." else BLOCK, []))
            self.blocks += 1

    def values(self, what: What) -> list[dict[str, Any]]:
        return [dict(each.values) for each in self.told if each.what is what]


def test_silence_behind_the_end_of_an_answer_is_no_gap() -> None:
    line = Line()
    line.play("w...", "...a")
    end = PlacedMark(EndAnswer(), 0.0)
    line.hearing.hear(Stretch(LOUD, 0, BLOCK, [end]))
    line.play("..........", "....aaa..a")
    assert [round(each["ms"]) for each in line.values(What.GAP)] == [40]


def test_the_latency_of_an_answer_is_from_the_last_word_to_the_first_sound() -> None:
    line = Line()
    line.play("www" + "." * 20, "..." + "." * 10 + "a" * 10)
    assert line.values(What.ANSWER) == [{"latency_ms": pytest.approx(200)}]
    assert line.hearing.answered


def test_who_speaks_first_is_told_without_a_latency_and_noise_is_no_answer() -> None:
    line = Line()
    line.play("." * 10, "nnnnsss" + "aaa")
    assert line.values(What.ANSWER) == [{}]


def test_a_line_that_runs_dry_within_an_answer_has_a_gap() -> None:
    line = Line()
    line.play("w" + "." * 12, "." * 3 + "aaa" + ".." + "aa" + "ss" + "a")
    assert line.values(What.GAP) == [{"ms": pytest.approx(40)}]


def test_silence_that_keeps_a_line_alive_is_no_rest_of_an_answer() -> None:
    line = Line()
    line.play("w" + "." * 64, "." * 2 + "aa" + "." * 45 + "s" + "." * 13 + "ss")
    assert line.values(What.GAP) == []
    line = Line()
    line.play("w" + "." * 41, "." * 2 + "aa" + "." * 16 + "s" + "." * 18 + "aaa")
    assert line.values(What.GAP) == [{"ms": pytest.approx(700)}]


@pytest.mark.parametrize("last", ["." * 251 + "a", "." * 20])
def test_a_long_silence_is_the_end_of_an_answer(last: str) -> None:
    line = Line()
    line.play("w" + "." * (4 + len(last)), ".." + "aaa" + last)
    assert line.values(What.GAP) == []


def test_a_clear_is_no_gap() -> None:
    line = Line()
    line.play("w....", "..aaa")
    line.play(".", ".")
    line.hearing.cleared()
    line.play("....", ".aa.")
    assert line.values(What.GAP) == []


def test_an_answer_that_is_cut_is_told_with_how_long_it_went_on() -> None:
    line = Line()
    line.play("w" + "." * 10 + "w" * 30, "." + "a" * 10 + "a" * 10 + "." * 20)
    assert line.values(What.CUT) == [{"after_ms": pytest.approx(200)}]
    line.play("." * 10, "." * 5 + "a" * 5)
    assert [each["latency_ms"] for each in line.values(What.ANSWER)] == [
        pytest.approx(0, abs=1e-6),
        pytest.approx(100),
    ]


def test_what_is_heard_at_once_after_a_clear_is_the_next_answer() -> None:
    line = Line()
    line.play("w" + "." * 5 + "ww", "." + "a" * 5 + "aa")
    line.hearing.cleared()
    assert line.values(What.CUT) == [{"after_ms": pytest.approx(40)}]
    line.play(".....", ".aaaa")
    assert line.values(What.ANSWER)[1] == {"latency_ms": pytest.approx(20)}
    assert line.values(What.GAP) == []


def test_an_answer_to_a_key_is_awaited_as_one_to_a_word() -> None:
    line = Line()
    line.play("w....", "..aaa")
    line.hearing.pressed(0.1)
    assert not line.hearing.answered
    line.play("." * 5, "..aaa")
    assert line.values(What.ANSWER)[1] == {"latency_ms": pytest.approx(40)}


class Talk:
    """A person who follows a script on a line."""

    def __init__(self, *script: ScriptLine) -> None:
        self.line = Line()
        self.person = ScriptedCaller(script, BLOCK, self.line.told.append, hang_up_s=0.4)
        self.keys = ""
        self.left_s: float | None = None

    def play(self, heard: str) -> str:
        """Return what is said meanwhile."""
        said = ""
        for sound in heard:
            now_s = self.line.blocks * 0.02
            key = self.person.press(now_s)
            if key:
                self.line.hearing.pressed(now_s)
                self.keys += key
            block = self.person.speak(now_s, self.line.hearing)
            word = "w" if block is not None and block.any() else "."
            said += word
            self.line.play(word, sound)
            if self.left_s is None and self.person.hangs_up(now_s, self.line.hearing):
                self.left_s = now_s
        return said


WORDS = np.tile(LOUD, 5)


def test_the_second_is_said_after_the_answer_to_the_first() -> None:
    talk = Talk(ScriptLine("one", WORDS, after_s=0.1), ScriptLine("two", WORDS[:200], after_s=0.2))
    assert talk.play("." * 20) == "." * 5 + "w" * 5 + "." * 10
    assert talk.play("a" * 10 + "." * 15) == "." * 20 + "ww" + "..."
    assert talk.left_s is None
    talk.play("a" * 5 + "." * 30)
    # 25 + 20 blocks, five of the answer, and 0.4 s of silence.
    assert talk.left_s == pytest.approx((45 + 5 + 20) * 0.02, abs=0.021)


def test_one_interrupts_so_long_after_the_answer_began() -> None:
    talk = Talk(
        ScriptLine("one", WORDS, after_s=0.0),
        ScriptLine("two", WORDS, after_s=0.1, interrupts=True),
    )
    assert talk.play("." * 10) == "w" * 5 + "." * 5
    assert talk.play("a" * 15) == "." * 5 + "w" * 5 + "." * 5


def test_who_gets_no_answer_goes_on_after_a_while() -> None:
    talk = Talk(
        ScriptLine("one", WORDS, after_s=0.0),
        ScriptLine("two", WORDS, after_s=0.0, interrupts=True),
        ScriptLine("three", WORDS, after_s=0.0),
    )
    said = talk.play("." * 3_200)
    assert said.count("w" * 5) == 3
    assert talk.left_s == pytest.approx(3 * (0.1 + 20), abs=0.2)


def test_keys_are_pressed_one_after_the_other() -> None:
    talk = Talk(ScriptLine("12", keys="12", after_s=0.1), ScriptLine("one", WORDS, after_s=0.1))
    assert "w" not in talk.play("." * 20)
    assert talk.keys == "12"
    said = talk.play("a" * 5 + "." * 8)
    assert said.startswith("." * 10)
    assert said.endswith("w")


def test_a_network_keeps_order_loses_and_turns_round_by_its_seed() -> None:
    def arrivals(**weather: Any) -> list[str | bytes]:
        network = BadNetwork(Weather(**weather), "up")
        for number in range(100):
            if not network.loses():
                network.send([str(number)], number * 0.02, sound=True)
        return network.due(10.0)

    everything = [str(number) for number in range(100)]
    assert arrivals() == everything
    assert arrivals(jitter_ms=200) == everything
    lossy = arrivals(loss=0.2, seed=1)
    assert lossy == arrivals(loss=0.2, seed=1) != arrivals(loss=0.2, seed=2)
    assert 60 < len(lossy) < 95
    turned = arrivals(reorder=0.2, seed=1)
    assert turned != everything
    assert sorted(turned, key=int) == everything


def test_jitter_is_not_longer_than_was_said() -> None:
    network = BadNetwork(Weather(jitter_ms=100), "up")
    network.send(["a"], 1.0)
    due_s = network.next_s()
    assert due_s is not None
    assert 1.0 <= due_s <= 1.1
    assert network.due(due_s - 0.001) == []
    assert network.due(due_s) == ["a"]
    assert network.next_s() is None


@pytest.mark.parametrize("wrong", [{"jitter_ms": -1}, {"loss": 1.0}, {"reorder": float("nan")}])
def test_a_network_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="write"):
        Weather(**wrong)  # type: ignore[arg-type]
