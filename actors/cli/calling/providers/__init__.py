"""Every provider that the test telephone can be, and every other caller, by its name."""

from actors.cli.calling.provider_words import ProviderWords
from actors.cli.calling.providers.audio_stream import AudioStreamWords
from actors.cli.calling.providers.audiosocket import AudioSocketWords
from actors.cli.calling.providers.chan_websocket import ChanWebsocketWords
from actors.cli.calling.providers.exotel import ExotelWords
from actors.cli.calling.providers.gemini import GEMINI_PATH, GeminiWords
from actors.cli.calling.providers.jambonz import AudioForkWords, JambonzClipsWords, JambonzWords
from actors.cli.calling.providers.plivo import PlivoWords
from actors.cli.calling.providers.telnyx import TelnyxWords
from actors.cli.calling.providers.twilio import SignalWireWords, TwilioWords
from actors.cli.calling.providers.vonage import VonageWords
from actors.cli.calling.providers.website import WEBSITE_PATH, WebsiteWords

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
LINES: dict[str, type[ProviderWords]] = {
    **PROVIDERS,
    **{each.name: each for each in (WebsiteWords, GeminiWords)},
}
"""Everything that a caller can come over: telephones, a visitor of a website, a Gemini SDK."""
ALIASES = {"asterisk": "chan_websocket"}
"""Other names in paths."""
PATHS = {WebsiteWords.name: WEBSITE_PATH, GeminiWords.name: GEMINI_PATH}
"""Of the gateway, for those who do not telephone."""
PATH_NAMES = {name: path for path, name in ALIASES.items()}
"""Of those that the gateway calls by another name."""


def gateway_path(name: str) -> str:
    """Return where the gateway takes such callers, of `LINES`."""
    if name in PATHS:
        return PATHS[name]
    return f"/phone/{PATH_NAMES.get(name, name).replace('jambonz_', 'jambonz-')}"


def provider_name(name: str) -> str:
    """Return the name of a provider, of any in which it is written."""
    plain = name.replace("-", "_")
    return ALIASES.get(plain, plain)
