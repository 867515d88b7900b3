"""The call that somebody wants on the command line, checked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import numpy as np

from actors.cli.calling.bad_network import Weather
from actors.cli.calling.call import Call
from actors.cli.calling.credentials_shown import shown_headers
from actors.cli.calling.provider_words import CallFacts, ProviderWords
from actors.cli.calling.providers import LINES, PATHS, provider_name
from actors.cli.calling.scripted_caller import AFTER_S, KEYS, ScriptLine
from actors.cli.calling.webhook import ask_webhook, reached
from actors.lib.audio.decode import decode
from pipeline.errors import ConfigError, did_you_mean

SCHEMES = ("ws", "wss")
WEBHOOK_SCHEMES = ("http", "https")
"""Of an address that is asked where the socket is."""
NO_WEBHOOK = ("mod_audio_stream", "mod_audio_fork", "chan_websocket", *PATHS)
"""Exchanges: their dialplan has the address of the socket; and those who do not telephone."""
SAY, AFTER, WHILE_ANSWERING = "say", "after", "while_answering"
"""Options of which the order counts; the other is `keys`."""


@dataclass(frozen=True)
class WantedCall:
    """What was asked for.

    Attributes:
        url: Of the server.
        protocol: Name of the provider; None: as the path of the URL says.
        script: Names and values of the options that say what is done, in order.
        parameters: `NAME=VALUE` each.
        caller: Number of who calls.
        called: Of who is called.
        call_id: The provider's name of the call; None: one is made up.
        auth_token: What the provider shows, or signs with.
        public_url: The URL that it signs, where that is not the one that is called.
        headers: `NAME: VALUE` each, of the handshake.
        rate_hz: Of the line.
        weather: Of the network.
        longest_s: So long after the start the person hangs up.
    """

    url: str
    protocol: str | None = None
    script: Sequence[tuple[str, str]] = ()
    parameters: Sequence[str] = ()
    caller: str = "+15550100"
    called: str = "+15550199"
    call_id: str | None = None
    auth_token: str | None = None
    public_url: str | None = None
    headers: Sequence[str] = ()
    rate_hz: int | None = None
    weather: Weather = field(default_factory=Weather)
    longest_s: float | None = None

    def check(self) -> None:
        """Return if it can be made; nobody is asked.

        Raises:
            ConfigError: something of it cannot be.
        """
        self._provider()
        for each in self.parameters:
            _pair(each, "=", "--parameter")
        for each in self.headers:
            _pair(each, ":", "--header")

    def call(self) -> Call:
        """Return it, ready to be made; a webhook is asked first.

        Raises:
            ConfigError: something of it cannot be.
            CallRefusedError: the webhook does not answer, or opens no socket.
        """
        provider = self._provider()
        facts = CallFacts(
            call_id=self.call_id or new_call_id(provider.name),
            stream_id=f"MZ{secrets.token_hex(16)}",
            caller=self.caller,
            called=self.called,
            parameters=dict(_pair(each, "=", "--parameter") for each in self.parameters),
        )
        headers = dict(_pair(each, ":", "--header") for each in self.headers)
        url, signed, rate_hz = self.url, self.public_url or self.url, self.rate_hz
        if urlsplit(url).scheme in WEBHOOK_SCHEMES:
            asked = ask_webhook(provider.name, url, facts, self.auth_token, signed)
            facts = replace(facts, parameters={**asked.parameters, **facts.parameters})
            signed, rate_hz = asked.url, rate_hz or asked.rate_hz
            url = reached(asked.url, self.public_url, url)
        words = provider(facts, rate_hz)
        if self.auth_token:
            shown = shown_headers(provider.name, words.dialled(signed), self.auth_token)
            headers = {**shown, **headers}
        return Call(url, words, headers, self.weather, self.longest_s)

    def utterances(self, rate_hz: int) -> list[ScriptLine]:
        """Return what is said and pressed, in order.

        Args:
            rate_hz: Of the line.

        Raises:
            ConfigError: the options do not go together.
            DeviceError: a file is no sound.
        """
        script: list[ScriptLine] = []
        after_s: float | None = None
        for option, value in self.script:
            if option == WHILE_ANSWERING:
                if not script:
                    raise ConfigError("--while-answering is about the --say or --keys before it")
                script[-1] = replace(script[-1], interrupts=True)
            elif option == AFTER:
                after_s = float(value)
            else:
                pause_s = AFTER_S if after_s is None else after_s
                script.append(_utterance(option, value, pause_s, rate_hz))
                after_s = None
        if after_s is not None:
            raise ConfigError("--after is about the --say or --keys behind it")
        return script

    def _provider(self) -> type[ProviderWords]:
        parts = split_url(self.url)
        name = self.protocol or named_in(parts)
        if name is None:
            raise ConfigError(
                f"{self.url!r} does not say as which provider to call: "
                f"--protocol is one of {', '.join(LINES)}"
            )
        provider = LINES.get(provider_name(name))
        if provider is None:
            raise ConfigError(f"no protocol {name!r}: {did_you_mean(name, LINES)}")
        if provider.name == "audiosocket":
            schemes: tuple[str, ...] = ("tcp",)
        else:
            schemes = SCHEMES if provider.name in NO_WEBHOOK else (*SCHEMES, *WEBHOOK_SCHEMES)
        if parts.scheme not in schemes or not parts.hostname:
            like = "tcp://HOST:PORT" if schemes == ("tcp",) else "wss://HOST/PATH"
            raise ConfigError(f"{self.url!r} is no URL for {provider.name}: write {like}")
        if schemes == ("tcp",) and parts.port is None:
            raise ConfigError(f"{self.url!r} has no port: write tcp://HOST:PORT")
        return provider


def new_call_id(provider: str) -> str:
    """Return a name for a call, of the form that a provider gives."""
    if provider in ("twilio", "signalwire"):
        return f"CA{secrets.token_hex(16)}"
    return str(uuid.uuid4())


def named_in(parts: SplitResult) -> str | None:
    """Return the provider that a URL names; None: it names none."""
    if parts.scheme == "tcp":
        return "audiosocket"
    for name, path in PATHS.items():
        if parts.path.endswith(path):
            return name
    names = (provider_name(each) for each in parts.path.split("/"))
    return next((each for each in names if each in LINES), None)


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        ConfigError: it is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no URL: {error}") from None
    return parts


def _pair(given: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = given.partition(separator)
    if not found or not name.strip() or any(each in given for each in "\r\n"):
        raise ConfigError(f"{given!r}: write {option} NAME{separator}VALUE")
    return name.strip(), value.strip()


def _utterance(option: str, value: str, after_s: float, rate_hz: int) -> ScriptLine:
    if option == SAY:
        samples = np.concatenate([*decode(Path(value), rate_hz)])
        return ScriptLine(Path(value).name, samples, after_s=after_s)
    keys = value.upper()
    if not keys or set(keys) - KEYS:
        raise ConfigError(f"--keys {value!r}: there are the keys 0123456789*#ABCD")
    return ScriptLine(keys, keys=keys, after_s=after_s)
