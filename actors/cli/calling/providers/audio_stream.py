"""FreeSWITCH's mod_audio_stream, in builds that play what comes back, as binary or as JSON."""

from __future__ import annotations

from actors.cli.calling.json_words import (
    WrongMessageError,
    played,
    read_object,
    require_bare,
    written,
)
from actors.cli.calling.line_form import Coding, LineForm
from actors.cli.calling.orders import ClearLine, Order, WrongMessage
from actors.cli.calling.provider_words import MarksAfterClear, ProviderWords, Words
from actors.cli.calling.providers.jambonz import clip


class AudioStreamWords(ProviderWords):
    """The first text is the metadata of the dialplan, here the call as JSON; keys are not told."""

    name = "mod_audio_stream"
    rates_hz = (8_000, 16_000)
    after_clear = MarksAfterClear.NEVER

    def _form(self, rate_hz: int) -> LineForm:
        return LineForm(Coding.PCM16, rate_hz)

    def begin(self) -> list[Words]:
        """Say that the line is up."""
        facts = self.facts
        call = {
            "callSid": facts.call_id,
            "from": facts.caller,
            "to": facts.called,
            "direction": facts.direction,
            "sampleRate": self.form.rate_hz,
        }
        return [written(call | dict(facts.parameters))]

    def sound(self, payload: bytes, number: int, at_ms: int) -> list[Words]:
        """Say what the person says."""
        del number, at_ms
        return [payload]

    def understand(self, message: Words) -> list[Order]:
        """Return what the server orders."""
        try:
            if isinstance(message, bytes):
                require_bare(message)
                return played(self.form, message)
            read = read_object(message)
            kind, data = read.get("type"), read.get("data")
            if kind == "killAudio":
                return [ClearLine()]
            if kind != "streamAudio" or not isinstance(data, dict):
                raise WrongMessageError(f"the type {kind!r} means nothing to {self.name}")
            return clip(self.form, data, "audioDataType", "audioData")
        except WrongMessageError as error:
            return [WrongMessage(str(error))]
