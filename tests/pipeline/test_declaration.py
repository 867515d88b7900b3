"""An actor's class says by its annotations what it takes and gives; what is misspelt is refused."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from pipeline.actor import Actor, Options
from pipeline.config import build_graph, load_config
from pipeline.declaration import OWN_ATTRIBUTES
from pipeline.errors import ConfigError
from pipeline.frames import Audio, EndReason, Frame, Playback, SpeechEnded, SpeechStarted
from pipeline.port_check import check_handlers, check_published
from pipeline.ports import In, Out
from pipeline.registry import find_actor
from pipeline.testing import stage

BLOCK = Audio(position=0, pcm=bytes(640))
ENDED = SpeechEnded(turn="t", start_position=0, position=1, at_ns=0, reason=EndReason.SILENCE)


class LoudOptions(Options):
    times: int = 2


class Loud(Actor[LoudOptions]):
    louder: Out[Audio]
    speech: Out[SpeechStarted | SpeechEnded] = Out(retain_s=30)
    plain: ClassVar[int] = 1

    def on_audio(self, frame: Audio) -> None:
        self.louder.publish(frame)
        self.publish("louder", frame)

    def on_either(self, frame: Audio | Playback) -> None:
        self.speech.publish(ENDED)


class Louder(Loud):
    inputs = {"audio": In(replay=True, max_age_ms=50)}

    def on_playback(self, frame: Playback) -> None:
        """Take part."""


class WithoutOptions(Actor):
    def on_audio(self, frame: Frame) -> None:
        """Take part."""


def test_options_and_ports_come_from_the_annotations() -> None:
    assert Loud.options_type is LoudOptions
    assert Loud.inputs == {"audio": In((Audio,)), "either": In((Audio, Playback))}
    assert Loud.outputs == {
        "louder": Out((Audio,)),
        "speech": Out((SpeechStarted, SpeechEnded), retain_s=30),
    }
    assert (WithoutOptions.options_type, WithoutOptions.outputs) == (Options, {})
    assert WithoutOptions.inputs == {"audio": In((Frame,))}


def test_a_subclass_has_what_its_base_has_and_its_own() -> None:
    assert Louder.options_type is LoudOptions
    assert Louder.outputs == Loud.outputs
    assert Louder.inputs == {
        "audio": In((Audio,), replay=True, max_age_ms=50),
        "playback": In((Playback,)),
    }
    check_handlers(Louder)


def test_a_port_of_the_actor_sends() -> None:
    with stage(Loud, times=3) as loud:
        loud.send("audio", BLOCK)
        assert loud.expect("louder", Audio).pcm == BLOCK.pcm
        assert loud.expect("louder", Audio).pcm == BLOCK.pcm
        loud.send("either", BLOCK)
        assert loud.expect("speech", SpeechEnded).position == 1


def test_what_an_actor_has_of_its_own_is_known() -> None:
    with stage(Loud) as loud:
        own = {name for name in vars(loud.actor) if not name.startswith("_")}
    assert own - {"louder", "speech"} == OWN_ATTRIBUTES


def test_the_port_of_the_class_sends_nothing() -> None:
    with pytest.raises(RuntimeError, match="publish on that of an actor"):
        Loud.speech.publish(ENDED)


ACTOR = """
from pipeline.actor import Actor, Options
from pipeline.frames import Audio, SpeechStarted
from pipeline.ports import In, Out

class Mine(Actor[Options]):
    inputs = {{"audio": In((Audio,), required=False)}}
    speech: Out[SpeechStarted]

    {body}
"""


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("def on_audo(self, frame): ...", ["on_audo is the handler of no", "mean 'audio'?"]),
        ("def on_audo(self, frame: Audio): ...", ["'audio' has no on_audio", "mean 'on_audo'?"]),
        ("pass", ["input port 'audio' has no on_audio"]),
        ("async def on_audio(self, frame): ...", ["on_audio is async", "self.spawn"]),
        ("def on_audio(self): ...", ["on_audio is to take one frame"]),
        ("def on_text(self, frame: Adio): ...", ["type hint of on_text cannot be read", "Adio"]),
        ("def on_audio(self, f): self.publish('speach', f)", ["'speach'", "mean 'speech'?"]),
        ("def on_audio(self, f): self.speach.publish(f)", ["'speach'", "mean 'speech'?"]),
        (
            "def on_audio(self, f): self.publish('speech' if f else 'voise', f)",
            ["publishes on 'voise'", "valid: speech"],
        ),
        ("def on_sound(self, frame: int): ...", ["on_sound is of <class 'int'>", "no type of fr"]),
        ("audo: Out[int]", ["audo is of <class 'int'>", "no type of frame"]),
        ("audo: Out[Adio]", ["the type of audo cannot be read", "Adio"]),
        ("state: Out[Audio]", ["output port state would hide the actor's own"]),
        ("run: Out[Audio]", ["output port run would hide the actor's own"]),
        ("voice: Out[Audio] = 5", ["voice is an output port"]),
    ],
)
def test_check_refuses_what_is_misspelt_with_file_class_and_the_nearest_name(
    tmp_path: Path, body: str, parts: list[str]
) -> None:
    # Names that type hints do not find are those of a file with postponed ones.
    text = "from __future__ import annotations\n" + ACTOR.format(body=body)
    (tmp_path / "mine.py").write_text(text)
    config = tmp_path / "mine.yaml"
    config.write_text("name: mine\nactors: {me: {use: 'mine.py:Mine'}}")
    with pytest.raises(ConfigError) as caught:
        build_graph(load_config(config), config)
    for part in [str(config), "actors.me.use", f"{tmp_path / 'mine.py'}: class Mine", *parts]:
        assert part in str(caught.value)


def test_what_is_spelt_right_is_good(tmp_path: Path) -> None:
    body = """def on_audio(self, frame: Audio) -> None:
        self.link = frame
        self.link.publish(frame)
        self.publish("speech", frame)
        self.publish("health", frame)
        self.publish(self.name, frame)
        self.speech.publish(frame)"""
    (tmp_path / "mine.py").write_text(ACTOR.format(body=body))
    mine = find_actor("mine.py", tmp_path)
    check_handlers(mine)
    check_published(mine)


class Computed(Actor[Options]):
    speech: Out[SpeechEnded]

    def on_audio(self, frame: Audio) -> None:
        self.publish("spee" + "ch!", ENDED)


def test_a_port_that_only_turns_out_to_be_wrong_is_named_with_the_nearest() -> None:
    with (
        pytest.raises(ConfigError, match=r"class Computed publishes on 'speech!'.*'speech'"),
        stage(Computed) as computed,
    ):
        computed.send("audio", BLOCK)


class Half(Loud):
    inputs = {"audio": In()}


def test_a_subclass_may_leave_a_port_of_its_base_out() -> None:
    assert Half.inputs == {"audio": In((Audio,))}
    check_handlers(Half)


class Orphan(Actor[Options]):
    inputs = {"audio": In((Audio,))}

    def on_audo(self, frame) -> None:  # type: ignore[no-untyped-def]
        """Miss."""


def test_a_misspelt_handler_is_refused_on_the_stage_too() -> None:
    with pytest.raises(ConfigError, match="on_audo is the handler of no input port"), stage(Orphan):
        pass
