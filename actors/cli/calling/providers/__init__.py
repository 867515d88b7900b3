"""Every provider that the test telephone can be, by its name."""

from actors.cli.calling.provider_words import ProviderWords
from actors.cli.calling.providers.audio_stream import AudioStreamWords
from actors.cli.calling.providers.audiosocket import AudioSocketWords
from actors.cli.calling.providers.chan_websocket import ChanWebsocketWords
from actors.cli.calling.providers.exotel import ExotelWords
from actors.cli.calling.providers.jambonz import AudioForkWords, JambonzClipsWords, JambonzWords
from actors.cli.calling.providers.plivo import PlivoWords
from actors.cli.calling.providers.telnyx import TelnyxWords
from actors.cli.calling.providers.twilio import SignalWireWords, TwilioWords
from actors.cli.calling.providers.vonage import VonageWords

PROVIDERS: dict[str, type[ProviderWords]] = {
    each.name: each
    for each in (
        TwilioWords,
        SignalWireWords,
        TelnyxWords,
        PlivoWords,
        ExotelWords,
        VonageWords,
        JambonzWords,
        JambonzClipsWords,
        AudioStreamWords,
        AudioForkWords,
        ChanWebsocketWords,
        AudioSocketWords,
    )
}
ALIASES = {"asterisk": "chan_websocket"}
"""Other names in paths."""


def provider_name(name: str) -> str:
    """Return the name of a provider, of any in which it is written."""
    plain = name.replace("-", "_")
    return ALIASES.get(plain, plain)
