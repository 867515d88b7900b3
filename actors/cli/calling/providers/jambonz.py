"""The `listen` verb of jambonz, and FreeSWITCH's mod_audio_fork, from which it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actors.cli.calling.json_words import (
    played,
    read_object,
    require_bare,
    sound_at,
    text_at,
    written,
)
from actors.cli.calling.line_form import Coding, LineForm
from actors.cli.calling.orders import (
    ClearLine,
    EndCall,
    ForgetMarks,
    Order,
    PlaySound,
    SetMark,
    WrongMessageError,
)
from actors.cli.calling.provider_words import MarksAfterClear, ProviderWords, Words
from actors.lib.audio.pcm import to_samples

MOST_CLIPS = 10
"""That wait, by its documentation."""


class JambonzWords(ProviderWords):
    """With `bidirectionalAudio` in its streaming mode: sound is binary, and there are marks."""

    name = "jambonz"
    subprotocol = "audio.drachtio.org"
    rates_hz = (8_000, 16_000, 24_000)
    after_clear = MarksAfterClear.SAID_CLEARED

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        call = {
            "callSid": facts.call_id,
            "from": facts.caller,
            "to": facts.called,
            "direction": facts.direction,
            "sampleRate": self.form.rate_hz,
            "mixType": "mono",
        }
        return [written(call | dict(facts.parameters))]

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say that the person pressed a key, and for how long, as `passDtmf` has it."""
        del at_ms
        return [written({"event": "dtmf", "dtmf": key, "duration": "100"})]

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a mark was reached, or its sound thrown away."""
        data = {"name": mark.name, "event": "cleared" if cleared else "playout"}
        return [written({"type": "mark", "data": data})]

    def _read(self, message: Words) -> list[Order]:
        if isinstance(message, bytes):
            return self._binary(message)
        read = read_object(message)
        return self._orders(str(read.get("type")), read)

    def _binary(self, message: bytes) -> list[Order]:
        require_bare(message)
        return played(self.form, message)

    def _orders(self, kind: str, read: Mapping[str, Any]) -> list[Order]:
        data = read.get("data")
        match kind:
            case "playAudio" if isinstance(data, Mapping):
                return clip(self.form, data, "audioContentType", "audioContent")
            case "killAudio":
                return [ClearLine()]
            case "disconnect":
                return [EndCall()]
            case "mark":
                return [SetMark(text_at(read, "data", "name"))]
            case "clearMarks":
                return [ForgetMarks()]
        raise WrongMessageError(f"the type {kind!r} means nothing to {self.name}")


class AudioForkWords(JambonzWords):
    """jambonz without its app: the first text is what the dialplan gives, and keys are not told."""

    name = "mod_audio_fork"

    def key(self, key: str, at_ms: int) -> list[Words]:
        """Say nothing: a key is the dialplan's."""
        del key, at_ms
        return []


class JambonzClipsWords(JambonzWords):
    """Not streaming: clips are played one after the other, ten at most; the end of each is told."""

    name = "jambonz_clips"
    after_clear = MarksAfterClear.RETURNED
    _waiting = 0

    def marked(self, mark: SetMark, *, cleared: bool) -> list[Words]:
        """Say that a clip is over, also one that was cut off."""
        del cleared
        self._waiting -= 1
        return [written({"type": "playDone", "data": {"id": mark.name}})]

    def _binary(self, message: bytes) -> list[Order]:
        raise WrongMessageError(
            f"{len(message)} bytes of binary sound: not streaming, it plays what comes in playAudio"
        )

    def _orders(self, kind: str, read: Mapping[str, Any]) -> list[Order]:
        data = read.get("data")
        if kind in ("mark", "clearMarks"):
            raise WrongMessageError(f"{kind} is never answered where sound is not streamed")
        if kind != "playAudio" or not isinstance(data, Mapping):
            return super()._orders(kind, read)
        sound = clip(self.form, data, "audioContentType", "audioContent")
        replaces: list[Order] = [] if data.get("queuePlay") else [ClearLine()]
        if self._waiting >= MOST_CLIPS and not replaces:
            raise WrongMessageError(f"{MOST_CLIPS} clips are waiting: this one is lost")
        self._waiting += 1
        return [*replaces, *sound, SetMark(str(data.get("id", "")))]


def clip(form: LineForm, data: Mapping[str, Any], type_name: str, content_name: str) -> list[Order]:
    """Return the sound of a clip at the rate of the line.

    Raises:
        WrongMessageError: it is not as it must be.
    """
    if data.get(type_name) != "raw":
        raise WrongMessageError(
            f"{type_name} is {data.get(type_name)!r}: this telephone plays raw samples"
        )
    rate_hz = data.get("sampleRate")
    if isinstance(rate_hz, str) and rate_hz.isdigit():
        rate_hz = int(rate_hz)
    if not isinstance(rate_hz, int) or not 8_000 <= rate_hz <= 48_000:
        raise WrongMessageError(f"sampleRate is {rate_hz!r}: it is 8000 to 48000")
    payload = sound_at(data, content_name)
    orders = played(LineForm(Coding.PCM16, rate_hz), payload)
    if rate_hz == form.rate_hz:
        return orders
    import soxr

    return [PlaySound(soxr.resample(to_samples(payload), rate_hz, form.rate_hz))]
