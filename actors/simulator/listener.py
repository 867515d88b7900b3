"""Gathers the user's input of a Live session into turns."""

from dataclasses import dataclass, field
from typing import Literal

from actors.backends.gemini.wire import INVALID_ARGUMENT
from actors.simulator.activity import SpeechDetector, UtteranceEnded
from actors.simulator.errors import Refused
from actors.simulator.realtime_config import RealtimeConfig, TurnCoverage

# Sound before a signalled activity whose words count where all input belongs to the turn: more
# than anybody says in one go, and not without end.
KEPT_BEFORE_S = 60


@dataclass(frozen=True)
class TurnInput:
    """What the user contributed to one turn. `kind` is `model` when the model speaks unasked.

    `asked` are the entries of the conversation that ask, if the input is there already. What was
    heard since the turn before and belongs to this one, but holds no words, is `wordless_ms`.
    """

    kind: Literal["audio", "text", "model"]
    texts: list[str] = field(default_factory=list)
    pcm: bytes = b""
    rate_hz: int = 16_000
    asked: range = range(0)
    wordless_ms: float = 0.0

    @property
    def audio_ms(self) -> float:
        """Length of the audio that may hold words."""
        return len(self.pcm) / 2 / self.rate_hz * 1000


@dataclass(frozen=True)
class ActivityStarted:
    """The user began to speak."""


@dataclass(frozen=True)
class ActivityEnded:
    """The user's turn is complete."""

    turn: TurnInput


Activity = ActivityStarted | ActivityEnded


class Listener:
    """Knows whether the user is in the middle of a turn, by signals or by the audio itself."""

    def __init__(self, config: RealtimeConfig) -> None:
        self._config = config
        self._detector: SpeechDetector | None = None
        self._active = False
        self._pcm = bytearray()
        self._texts: list[str] = []
        self._rate_hz = 16_000
        self._spoken_bytes = 0
        self._since_ms = 0.0

    @property
    def active(self) -> bool:
        """Whether the user's turn is in progress."""
        return self._active

    @property
    def spoken_ms(self) -> float:
        """Audio received in the turn in progress."""
        return self._spoken_bytes / 2 / self._rate_hz * 1000

    def audio(self, pcm: bytes, rate_hz: int) -> list[Activity]:
        """Takes PCM16 mono."""
        self._since_ms += len(pcm) / 2 / rate_hz * 1000
        if self._config.manual:
            self._add(pcm, rate_hz)
            return []
        if self._detector is None or rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._detector = SpeechDetector(rate_hz, self._config.detection)
        was_active = self._active
        events = [self._detected(event) for event in self._detector.feed(pcm)]
        if was_active or self._active:
            self._spoken_bytes += len(pcm)
        return events

    def stream_end(self) -> list[Activity]:
        """The microphone paused: an utterance in progress is complete."""
        if self._detector is None:
            return []
        return [self._detected(event) for event in self._detector.flush()]

    def start(self) -> ActivityStarted:
        """An activityStart signal."""
        self._check_manual(active=False)
        self._active = True
        self._spoken_bytes = 0
        return ActivityStarted()

    def end(self) -> ActivityEnded:
        """An activityEnd signal."""
        self._check_manual(active=True)
        self._active = False
        pcm = bytes(self._pcm)
        self._pcm.clear()
        return ActivityEnded(self._turn(pcm))

    def text(self, text: str) -> TurnInput | None:
        """Typed text: part of the turn in progress, otherwise a turn of its own."""
        if self._active:
            self._texts.append(text)
            return None
        return TurnInput("text", [text], wordless_ms=self._take_since_ms(0.0))

    def _add(self, pcm: bytes, rate_hz: int) -> None:
        """Keeps what may hold words of a session that signals activity itself."""
        if self._active:
            self._spoken_bytes += len(pcm)
        elif self._config.coverage is not TurnCoverage.EVERYTHING:
            return
        if rate_hz != self._rate_hz and not self._active:
            self._pcm.clear()
        self._rate_hz = rate_hz
        self._pcm += pcm
        if not self._active:
            del self._pcm[: max(0, len(self._pcm) - KEPT_BEFORE_S * rate_hz * 2)]

    def _turn(self, pcm: bytes) -> TurnInput:
        wordless_ms = self._take_since_ms(len(pcm) / 2 / self._rate_hz * 1000)
        return TurnInput("audio", self._take_texts(), pcm, self._rate_hz, wordless_ms=wordless_ms)

    def _take_since_ms(self, words_ms: float) -> float:
        since_ms, self._since_ms = self._since_ms, 0.0
        if self._config.coverage is not TurnCoverage.EVERYTHING:
            return 0.0
        return max(0.0, since_ms - words_ms)

    def _check_manual(self, active: bool) -> None:
        if not self._config.manual:
            raise Refused(
                1007,
                "Explicit activity control is not supported when automatic activity detection "
                "is enabled.",
            )
        if self._active is not active:
            raise Refused(1007, INVALID_ARGUMENT)

    def _detected(self, event: object) -> Activity:
        if isinstance(event, UtteranceEnded):
            self._active = False
            return ActivityEnded(self._turn(event.pcm))
        self._active = True
        self._spoken_bytes = 0
        return ActivityStarted()

    def _take_texts(self) -> list[str]:
        texts, self._texts = self._texts, []
        return texts
