"""From what a backend published to how often each sentence was spoken, and with what sound. Pure.

A sentence whose sound is missing or breaks off is asked for once more and taken up there. Its words
are published with its first sound, its tokens after each rendering.
"""

from __future__ import annotations

import re
from typing import Any

from actors.lib.speech.sentences import SentenceSplitter
from actors.recordings.cassette.service_script import Voice
from pipeline.frames import AnswerAudio, AnswerEnded, Fault, FaultClass

BROKEN = "OTHER"
"""How a rendering ended that was not taken for a whole one; why is not published."""
RENDERINGS = 2
"""Of a sentence, before its sound is given up; see `actors.backends.gemini.http`."""
_FINISH = re.compile(r"\(finishReason (\w+)\)")
_SECONDS = re.compile(r"broke off after ([\d.]+) s")


class Renderings:
    """Of the sentences of one turn; `voices` in the order in which they are asked for."""

    def __init__(self) -> None:
        self.voices: list[Voice] = []
        self._words = ""
        self._begun = 0
        """Place of the first rendering of the newest sentence."""
        self._silent: list[dict[str, Any]] = []
        """Tokens of renderings that gave nothing new."""

    def words(self, text: str) -> None:
        """A sentence has its first sound."""
        self._words = text
        if any(map(str.isalnum, text)):
            self._begin_sentence(text)
            self.voices.append(Voice(text.strip()))

    def sound(self, frame: AnswerAudio) -> None:
        """A piece of it."""
        if not self.voices:
            return
        if self.voices[-1].usage is not None:
            self._once_more()
        self.voices[-1].pieces.append((frame.rate_hz, frame.pcm))

    def usage(self, usage: dict[str, Any]) -> None:
        """A rendering is over."""
        if self.voices and self.voices[-1].usage is None:
            self.voices[-1].usage = usage
        else:
            self._silent.append(usage)

    def complete(self) -> None:
        """The answer is."""
        if self.voices and self._silent:
            self._once_more()
            self.voices[-1].usage = self._silent.pop(0)

    def unspoken(self, frame: AnswerEnded, fault: Fault | None) -> list[str]:
        """A sentence had no sound to its end; return the words that were not published.

        Args:
            frame: With that sentence and all that follows.
            fault: What the service gave in its place.
        """
        splitter = SentenceSplitter()
        first, *later = [*splitter.feed(frame.unspoken), *splitter.flush()]
        begun = self._is_begun(first, frame.detail)
        if not begun:
            self._begin_sentence(first)
        if fault is not None:
            if not begun:
                self.voices.append(Voice(first.strip()))
            self.voices[-1].whole = False
            if fault.fault is not FaultClass.FROZEN:
                self.voices[-1].refusal = (fault.code, fault.reason)
        else:
            self._give_up(first.strip(), frame.detail)
        # The next is asked for before this one is given up, and not waited for.
        self.voices += [Voice(each.strip(), whole=False) for each in later]
        return later if begun else [first, *later]

    def _is_begun(self, sentence: str, detail: str) -> bool:
        if not self.voices or self._words != sentence:
            return False
        return self.voices[-1].usage is None or _SECONDS.search(detail) is not None

    def _begin_sentence(self, text: str) -> None:
        self._begun = len(self.voices)
        self.voices += [Voice(text.strip(), usage=each, finish=BROKEN) for each in self._silent]
        self._silent = []

    def _once_more(self) -> None:
        broken = self.voices[-1]
        broken.finish = BROKEN
        self.voices.append(Voice(broken.text, [*broken.pieces]))

    def _give_up(self, text: str, detail: str) -> None:
        finish = _FINISH.search(detail)
        seconds = _SECONDS.search(detail)
        while len(self.voices) - self._begun < RENDERINGS:
            given = self.voices[-1].pieces if len(self.voices) > self._begun else []
            usage = self._silent.pop(0) if self._silent else None
            pieces = _cut(given, float(seconds[1])) if seconds else []
            self.voices.append(Voice(text, pieces, usage))
        for voice in self.voices[self._begun :]:
            voice.finish = finish[1] if finish else "STOP"


def _cut(pieces: list[tuple[int, bytes]], seconds: float) -> list[tuple[int, bytes]]:
    """Return the first `seconds` of a sound; all of it if it is that long, to a tenth."""
    length_s = sum(len(pcm) / 2 / rate_hz for rate_hz, pcm in pieces)
    if f"{length_s:.1f}" == f"{seconds:.1f}":
        return [*pieces]
    left_s, cut = seconds, []
    for rate_hz, pcm in pieces:
        samples = min(len(pcm) // 2, round(left_s * rate_hz))
        left_s -= samples / rate_hz
        if samples:
            cut.append((rate_hz, pcm[: 2 * samples]))
    return cut
