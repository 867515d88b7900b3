"""The `wake` actor: lets the sound of the microphone pass while the robot is to listen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from actors.hearing.wake.detector import WakeWords, read_models
from actors.hearing.wake.gate import waits_for
from actors.hearing.wake.gate_events import ModeSet, SpeechBegan, SpeechOver, TimePassed, TurnOver
from actors.hearing.wake.gated_sound import GatedSound
from actors.hearing.wake.listen_door import HOST, ListenDoor
from actors.hearing.wake.named_switches import NamedSwitch, named_switches
from actors.hearing.wake.options import WakeOptions
from actors.hearing.wake.switch import HeldSwitch
from actors.hearing.wake.word_ears import WordEars
from actors.lib.audio.pcm import require_speech_rate
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.frames import (
    ActorState,
    Audio,
    EndReason,
    Image,
    ListenAction,
    ListenCommand,
    ListenMode,
    ListenStatus,
    Playback,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    TurnClosed,
)
from pipeline.ports import In, Out
from pipeline.surroundings import Surroundings


class Wake(Actor[WakeOptions]):
    """Passes on the blocks of the microphone, at their own positions, while the robot listens.

    What is not passed on leaves this process in no way. A wake word opens the gate from its own end
    on, so that who says all in one breath is understood; a key from a moment before it. While it is
    closed, pictures are held back as well. Sessions of callers pass as they are.

    `voice` holds an answer while it is not known whether who was let in says anything.
    """

    options_type = WakeOptions
    inputs: ClassVar = {
        "audio": In((Audio,), replay=True),
        "video": In((Image,), newest=True, required=False),
        "far_end": In((Audio,), required=False),
        "speech": In((SpeechStarted, SpeechEnded), replay=True),
        "turns": In((TurnClosed,), replay=True),
        "playback": In((Playback,), replay=True, required=False),
        "control": In((ListenCommand,), required=False),
    }
    outputs: ClassVar = {
        # As long as a microphone retains: consumers are restarted just the same.
        "audio": Out((Audio,), retain_s=15),
        "video": Out((Image,)),
        "listening": Out((ListenStatus,), retain_last=True),
        "voice": Out((TentativeSpeechStarted, TentativeSpeechRejected)),
    }

    _door: ListenDoor | None = None

    def __init__(self, options: WakeOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._sound = GatedSound(
            options, self.session, self.checkpoint, self.counters, self.publish, self._show
        )
        self._ears = WordEars(options, surroundings.config_dir, self.counters)
        self._problems: dict[str, str] = {}
        """What is wrong, by what it is wrong with."""

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for the models, the pin and the key."""
        assert isinstance(options, WakeOptions)
        if options.listen is ListenMode.WAKE_WORD:
            WakeWords(read_models(options.words, config_dir, options.cutoff))
        for switch in named_switches(options):
            os.close(switch.opens())

    @classmethod
    def listens_on(cls, options: Any) -> Sequence[tuple[str, int]]:
        """Where calls come, if a port is named."""
        assert isinstance(options, WakeOptions)
        return () if options.http_port is None else [(HOST, options.http_port)]

    async def start(self) -> None:
        """Load the words, and wait for what asks to be listened to.

        Raises:
            ConfigError: a model, the pin or the key is not there.
        """
        if self._sound.gate.mode is ListenMode.WAKE_WORD:
            self._load_words()
        for switch in named_switches(self.options):
            self._watch(switch)
        self._door = ListenDoor(self._obey, self._as_json)
        listening = self.surroundings.listening
        await self._door.open(self.surroundings.runtime_dir, listening[0] if listening else None)
        self._sound.tell("the start")

    async def stop(self) -> None:
        """Take no more calls."""
        if self._door is not None:
            await self._door.close()

    def measure(self) -> None:
        """See what is over by now, also while no sound comes."""
        self._sound.apply(TimePassed(), "time")

    def on_audio(self, frame: Audio) -> None:
        """Take a block, and pass on what is to be heard."""
        require_speech_rate(frame.rate_hz, self.name)
        if frame.session != self.session:
            self.publish("audio", frame)
            return
        sound = self._sound
        if not sound.add(frame):
            self.counters["repeated_samples"] += frame.samples
            return
        if sound.gate.mode is ListenMode.WAKE_WORD and (word := self._ears.hear(frame)):
            sound.on_word(word)
        sound.pass_on()
        if frame.final:
            sound.finish(frame)

    def on_video(self, frame: Image) -> None:
        """Pass on a picture, if the robot is to listen."""
        if frame.session != self.session or self._sound.passes:
            self.publish("video", frame)
        else:
            self.counters["pictures_held_back"] += 1

    def on_far_end(self, frame: Audio) -> None:
        """Listen to the robot's own voice."""
        if frame.session == self.session:
            self._ears.hear_own(frame)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Note that somebody speaks, or has said what he wanted."""
        if frame.session != self.session:
            return
        if isinstance(frame, SpeechStarted):
            self._sound.answer.is_spoken_over()
            # What comes after the gate has closed is of who had begun to speak before.
            self._sound.apply(SpeechBegan(frame.turn), "speech", 0)
            self._sound.pass_on()
        else:
            goes_on = frame.reason is EndReason.MAX_LENGTH
            self._sound.apply(SpeechOver(frame.turn, goes_on), "the end of a turn")

    def on_turns(self, frame: TurnClosed) -> None:
        """Note that a turn is over, and its answer has been heard."""
        if frame.session == self.session:
            self._sound.answer.over(frame.turn)
            self._sound.apply(TurnOver(frame.turn), "the end of an answer")

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        if frame.session == self.session:
            self._sound.answer.on_playback(frame)

    def on_control(self, frame: ListenCommand) -> None:
        """Do what is asked for, if that can be."""
        try:
            self._obey(frame)
        except ConfigError as error:
            self.log.warning("cannot listen so", by=frame.by, problem=str(error))

    def _obey(self, command: ListenCommand) -> None:
        """Do what is asked for.

        Raises:
            ConfigError: a wake word is to be heard, and its model is not there.
        """
        if command.mode is not None:
            if command.mode is ListenMode.WAKE_WORD:
                self._load_words()
            self._sound.apply(ModeSet(command.mode), command.by)
        if command.action is not None:
            self._sound.ask(command.action, command.by)

    def _show(self) -> None:
        """Say in the status what the robot waits for, and what is wrong."""
        problem = "; ".join(filter(None, self._problems.values()))
        state = ActorState.DEGRADED if problem else ActorState.READY
        self.set_state(state, problem or waits_for(self._sound.gate, self._ears.words))

    def _as_json(self) -> dict[str, Any]:
        gate = self._sound.gate
        return {"mode": gate.mode, "phase": gate.phase, "listens": self._sound.passes}

    def _load_words(self) -> None:
        """Load the models.

        Raises:
            ConfigError: one is not there.
        """
        self._ears.load(hears_itself="far_end" in self.surroundings.connected)

    def _watch(self, switch: NamedSwitch) -> None:
        name = switch.name

        def on_stroke(pressed: bool) -> None:
            self._sound.ask(ListenAction.OPEN if pressed else ListenAction.CLOSE, name)

        def on_state(problem: str) -> None:
            if problem != self._problems.get(name, ""):
                self._problems[name] = problem
                if problem:
                    self.log.warning("nobody can press", problem=problem)
                self._show()

        held = HeldSwitch(switch.opens, switch.strokes, on_stroke, on_state)
        self.spawn(held.watch(), name)
