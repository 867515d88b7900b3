"""FreeSWITCH's mod_audio_stream, in builds that play what comes back, as binary or as JSON."""

from __future__ import annotations

from actors.cli.calling.json_words import played, read_object, require_bare, written
from actors.cli.calling.orders import ClearLine, Order, WrongMessageError
from actors.cli.calling.provider_words import MarksAfterClear, ProviderWords, Words
from actors.cli.calling.providers.jambonz import clip


class AudioStreamWords(ProviderWords):
    """The first text is the metadata of the dialplan, here the call as JSON; keys are not told."""

    name = "mod_audio_stream"
    rates_hz = (8_000, 16_000)
    after_clear = MarksAfterClear.NEVER

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

    def _read(self, message: Words) -> list[Order]:
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
