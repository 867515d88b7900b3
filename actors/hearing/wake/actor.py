"""The `wake` actor: lets the sound of the microphone pass while the robot is to listen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from actors.hearing.wake.detector import WakeWords, read_models
from actors.hearing.wake.gate import (
    ActionAsked,
    GateEvent,
    ListenGate,
    ModeSet,
    SpeechBegan,
    SpeechOver,
    TimePassed,
    TurnOver,
    WordHeard,
    step,
    waits_for,
)
from actors.hearing.wake.gpio import open_pin, presses
from actors.hearing.wake.held_answer import HeldAnswer
from actors.hearing.wake.input_keys import open_keys, strokes
from actors.hearing.wake.listen_door import HOST, ListenDoor
from actors.hearing.wake.options import WakeOptions
from actors.hearing.wake.recent_blocks import Passage
from actors.hearing.wake.switch import HeldSwitch
from actors.hearing.wake.word_ears import WordEars
from actors.lib.audio.pcm import SPEECH_RATE_HZ, require_speech_rate
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
    ListenPhase,
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

KEY_LEAD_SAMPLES = SPEECH_RATE_HZ * 3 // 10
"""People begin to speak while they press: what was said up to 0.3 s before a key is passed on."""


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
        self._limits = options.limits
        self._gate = ListenGate.of(options.listen)
        self._passage = Passage()
        self._answer = HeldAnswer()
        self._ears = WordEars(options, surroundings.config_dir, self.counters)
        self._problems: dict[str, str] = {}
        """What is wrong, by what it is wrong with."""

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for the models, the pin and the key."""
        assert isinstance(options, WakeOptions)
        if options.listen is ListenMode.WAKE_WORD:
            WakeWords(read_models(options.words, config_dir, options.cutoff))
        if options.gpio is not None:
            os.close(open_pin(options.gpio))
        if options.key is not None:
            os.close(open_keys(options.key.device))

    @classmethod
    def listens_on(cls, options: Any) -> Sequence[tuple[str, int]]:
        """Where calls come, if a port is named."""
        assert isinstance(options, WakeOptions)
        return () if options.http_port is None else [(HOST, options.http_port)]

    async def start(self) -> None:
        """Load the words, and go on where the process before this one was.

        Raises:
            ConfigError: a model, the pin or the key is not there.
        """
        self._restore()
        if self._gate.mode is ListenMode.WAKE_WORD:
            self._load_words()
        options = self.options
        if options.gpio is not None:
            self._watch("gpio", partial(open_pin, options.gpio), presses)
        if options.key is not None:
            key = options.key
            self._watch("key", partial(open_keys, key.device), partial(strokes, key=key.key))
        self._door = ListenDoor(self._obey, self._as_json)
        listening = self.surroundings.listening
        await self._door.open(self.surroundings.runtime_dir, listening[0] if listening else None)
        self._tell("the start")

    async def stop(self) -> None:
        """Take no more calls."""
        if self._door is not None:
            await self._door.close()

    def measure(self) -> None:
        """See what is over by now, also while no sound comes."""
        self._apply(TimePassed(), "time")

    def on_audio(self, frame: Audio) -> None:
        """Take a block, and pass on what is to be heard."""
        require_speech_rate(frame.rate_hz, self.name)
        if frame.session != self.session:
            self.publish("audio", frame)
            return
        passage, end = self._passage, frame.position + frame.samples
        if end <= passage.recent.end and not frame.final:
            self.counters["repeated_samples"] += frame.samples
            return
        passage.recent.add(frame)
        self.checkpoint["heard"] = end
        self._apply(TimePassed(), "time")
        if self._gate.mode is ListenMode.WAKE_WORD and (word := self._ears.hear(frame)):
            self._on_word(word)
        self._pass_on()
        if frame.final and passage.next < end:
            # The end of the stream is told of, without its sound.
            passage.begin_at(end)
            self.publish("audio", frame.model_copy(update={"position": end, "pcm": b""}))

    def on_video(self, frame: Image) -> None:
        """Pass on a picture, if the robot is to listen."""
        if frame.session != self.session or self._gate.passes(self._limits):
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
            self._answer.is_spoken_over()
            # What comes after the gate has closed is of who had begun to speak before.
            self._apply(SpeechBegan(frame.turn), "speech", 0)
            self._pass_on()
        else:
            goes_on = frame.reason is EndReason.MAX_LENGTH
            self._apply(SpeechOver(frame.turn, goes_on), "the end of a turn")

    def on_turns(self, frame: TurnClosed) -> None:
        """Note that a turn is over, and its answer has been heard."""
        if frame.session == self.session:
            self._answer.over(frame.turn)
            self._apply(TurnOver(frame.turn), "the end of an answer")

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        if frame.session == self.session:
            self._answer.on_playback(frame)

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
            self._apply(ModeSet(command.mode), command.by)
        if command.action is not None:
            self._ask(command.action, command.by)

    def _ask(self, action: ListenAction, by: str) -> None:
        self._apply(ActionAsked(action), by, self._passage.recent.end - KEY_LEAD_SAMPLES)
        self._pass_on()

    def _on_word(self, word: str) -> None:
        if not self._gate.passes(self._limits):
            self._passage.begin_after_word()
        self._apply(WordHeard(), f"“{word}”", 0)

    def _apply(self, event: GateEvent, by: str, opens_at: int | None = None) -> None:
        """Let something happen to the gate, and do what follows.

        Args:
            event: What happened.
            by: What brought it about, in words.
            opens_at: If this opens the gate, sound is passed on from there; None: from now on.
        """
        before, passed = self._gate, self._gate.passes(self._limits)
        gate = self._gate = step(before, event, time.monotonic_ns(), self._limits)
        self.checkpoint["gate"] = list(gate)
        if gate.phase is before.phase and gate.mode is before.mode:
            return
        passes = gate.passes(self._limits)
        if passes and not passed:
            self.counters["opened"] += 1
            self._passage.begin_at(self._passage.recent.end if opens_at is None else opens_at)
            if gate.phase is not ListenPhase.HEARING:
                self._say(self._answer.hold(self.session, self._passage.recent.end))
        elif passed and not passes:
            self._passage.close()
        if gate.phase in (ListenPhase.EXPIRED, ListenPhase.RELEASED) and not gate.turn:
            self._say(self._answer.let_go(self._passage.recent.end))
        self._tell(by)

    def _say(self, voice: TentativeSpeechStarted | TentativeSpeechRejected | None) -> None:
        if voice is not None:
            self.publish("voice", voice)

    def _pass_on(self) -> None:
        """Send what may be passed on and was not yet."""
        if not self._gate.passes(self._limits):
            return
        if self._passage.word_alone() and self.options.chime:
            self._tell("a pause after the word", chime=True)
        for frame in self._passage.pass_on():
            self.publish("audio", frame)
        self.checkpoint["next"] = self._passage.next

    def _tell(self, by: str, *, chime: bool = False) -> None:
        """Say what the gate is like now."""
        gate, passage = self._gate, self._passage
        listens = gate.passes(self._limits)
        self.publish(
            "listening",
            ListenStatus(
                mode=gate.mode,
                phase=gate.phase,
                listens=listens,
                position=passage.next if listens else passage.recent.end,
                by=by,
                chime=chime,
            ),
        )
        self._show()

    def _show(self) -> None:
        """Say in the status what the robot waits for, and what is wrong."""
        problem = "; ".join(filter(None, self._problems.values()))
        state = ActorState.DEGRADED if problem else ActorState.READY
        self.set_state(state, problem or waits_for(self._gate, self._ears.words))

    def _as_json(self) -> dict[str, Any]:
        return {
            "mode": self._gate.mode,
            "phase": self._gate.phase,
            "listens": self._gate.passes(self._limits),
        }

    def _load_words(self) -> None:
        """Load the models.

        Raises:
            ConfigError: one is not there.
        """
        self._ears.load(hears_itself="far_end" in self.surroundings.connected)

    def _watch(
        self, what: str, opens: Callable[[], int], strokes: Callable[[bytes], Iterator[bool]]
    ) -> None:
        def on_stroke(pressed: bool) -> None:
            self._ask(ListenAction.OPEN if pressed else ListenAction.CLOSE, what)

        def on_state(problem: str) -> None:
            if problem != self._problems.get(what, ""):
                self._problems[what] = problem
                if problem:
                    self.log.warning("nobody can press", problem=problem)
                self._show()

        self.spawn(HeldSwitch(opens, strokes, on_stroke, on_state).watch(), what)

    def _restore(self) -> None:
        """Go on where the process before this one was."""
        saved = self.checkpoint.get("gate")
        if saved is not None:
            mode, phase, until, turn, closed = saved
            self._gate = ListenGate(
                ListenMode(mode), ListenPhase(phase), until, turn, tuple(closed)
            )
        self._passage.recent.end = self.checkpoint.get("heard", 0)
        self._passage.begin_at(self.checkpoint.get("next", 0))
