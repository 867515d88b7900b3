"""Accounts at providers of telephone lines; options of `gateway`.

Names are those that the provider's own pages have. A secret is never written into a config: `$NAME`
stands for the environment variable that holds it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from actors.gateway.access.addresses import parsed_networks
from pipeline.config.load import SECRET


def _is_name(text: str) -> str:
    if text and not (text.startswith("$") and text[1:].isidentifier()):
        raise PydanticCustomError(
            SECRET,
            "a secret is not written into a config: write $NAME, and set the variable NAME to it",
        )
    return text


SecretName = Annotated[str, AfterValidator(_is_name)]


def _secret(description: str) -> str:
    text: str = Field("", description=f"`$NAME` of a variable with {description}.")
    return text


class AccountOptions(BaseModel):
    """An account at a provider."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    number: str = Field(
        "", description="As which number calls are started, if whoever starts one names none."
    )


class TwilioAccount(AccountOptions):
    """An account at Twilio."""

    account_sid: str = Field("", description="`AC...`; to start, transfer and end calls.")
    auth_token: SecretName = _secret("the auth token, with which requests are signed")
    shared_key: SecretName = _secret(
        "the shared key, if a rule for webhooks signs with `HMAC_SHA256`"
    )
    api_url: str = Field("https://api.twilio.com", description="Of its REST.")


class SignalwireAccount(AccountOptions):
    """A space at SignalWire."""

    project_id: str = Field("", description="To start, transfer and end calls.")
    space_url: str = Field("", description="`https://NAME.signalwire.com`.")
    api_token: SecretName = _secret("the API token")
    signing_key: SecretName = _secret("the signing key, with which webhooks are signed")
    stream_token: SecretName = _secret(
        "a text of your own: sockets bring it as `authBearerToken`, where nothing else proves them"
    )


class TelnyxAccount(AccountOptions):
    """An account at Telnyx."""

    connection_id: str = Field(
        "", description="Of the Voice API application, or of the TeXML application: to start calls."
    )
    api_key: SecretName = _secret("the API key, to start, transfer and end calls")
    public_key: str = Field("", description="With which webhooks are signed; it is no secret.")
    stream_token: SecretName = _secret(
        "a text of your own: sockets bring it as `stream_auth_token`, where nothing else proves "
        "them"
    )
    codec: str = Field("PCMU", description="Of the sound: PCMU, PCMA or L16.")
    rate_hz: int = Field(8000, description="Of the sound; 16000 for L16.")
    api_url: str = Field("https://api.telnyx.com", description="Of its REST.")


class PlivoAccount(AccountOptions):
    """An account at Plivo."""

    auth_id: str = Field("", description="To start, transfer and end calls.")
    auth_token: SecretName = _secret("the auth token, with which requests are signed")
    content_type: str = Field(
        "audio/x-mulaw;rate=8000",
        description="Of the sound; also `audio/x-l16;rate=8000` and `audio/x-l16;rate=16000`.",
    )
    api_url: str = Field("https://api.plivo.com", description="Of its REST.")


class VonageAccount(AccountOptions):
    """An application at Vonage."""

    application_id: str = Field("", description="To start, transfer and end calls.")
    private_key: SecretName = _secret("the application's private key in PEM")
    signature_secret: SecretName = _secret(
        "the signature secret of the account, with which webhooks and sockets are signed"
    )
    rate_hz: int = Field(16000, description="Of the sound: 8000, 16000 or 24000.")
    api_url: str = Field("https://api.nexmo.com", description="Of its REST.")


class JambonzAccount(AccountOptions):
    """An account at a jambonz of your own or in the cloud."""

    account_sid: str = Field("", description="To start, transfer and end calls.")
    application_sid: str = Field("", description="Of calls that are started.")
    api_key: SecretName = _secret("the API key")
    webhook_secret: SecretName = _secret("the webhook secret, with which webhooks are signed")
    user: str = Field("", description="That webhooks and sockets give.")
    password: SecretName = _secret("the password that webhooks and sockets give")
    rate_hz: int = Field(
        8000, description="Of the sound; that of its lines, or its buffer loses marks."
    )
    api_url: str = Field("https://jambonz.cloud/api", description="Of its REST.")


class ExotelAccount(AccountOptions):
    """An account at Exotel."""

    account_sid: str = Field("", description="To start calls.")
    api_key: str = Field("", description="To start calls.")
    api_token: SecretName = _secret("the API token")
    user: str = Field(
        "", description="That sockets and webhooks give: `wss://USER:PASSWORD@...` in the applet."
    )
    password: SecretName = _secret("the password that sockets and webhooks give")
    rate_hz: int = Field(8000, description="Of the sound: 8000, 16000 or 24000.")
    api_url: str = Field(
        "https://api.exotel.com", description="Of its REST; `https://api.in.exotel.com` in Mumbai."
    )


class ExchangeAccount(AccountOptions):
    """An exchange of your own: Asterisk or FreeSWITCH."""

    user: str = Field("", description="That its sockets and requests give.")
    password: SecretName = _secret("the password that its sockets and requests give")
    networks: list[str] = Field(
        [],
        description="Addresses or networks from which it may come without a password: AudioSocket "
        "can bring none. This machine may, as long as nothing of telephones is configured.",
    )
    asks_next: bool = Field(
        False,
        description="Its dialplan asks `/phone/NAME/next` where a call goes on once its media "
        "socket is closed: calls can be handed on.",
    )

    def model_post_init(self, _context: object) -> None:
        """Look whether they are networks.

        Raises:
            ValueError: one is none.
        """
        parsed_networks(self.networks)


def _is_dial(text: str) -> str:
    if text and "{number}" not in text:
        raise PydanticCustomError("dial", "write `{number}` where the number is to be")
    return text


class StartingExchange(ExchangeAccount):
    """An exchange that can be asked to start calls."""

    dial: Annotated[str, AfterValidator(_is_dial)] = Field(
        "",
        description="How it reaches a number, to start calls: `PJSIP/{number}@TRUNK`, "
        "`sofia/gateway/TRUNK/{number}`.",
    )
    context: str = Field("default", description="Of the dialplan, with that extension.")
    extension: str = Field(
        "greenroom",
        description="Where a call goes that was started and is answered: it connects the media "
        "socket.",
    )


class AsteriskAccount(StartingExchange):
    """An Asterisk of your own, with its REST (ARI)."""

    ari_url: str = Field("http://127.0.0.1:8088/ari", description="Of its REST.")
    ari_user: str = Field("", description="Of its REST, to start and end calls.")
    ari_password: SecretName = _secret("the password of that user")


class FreeswitchAccount(StartingExchange):
    """A FreeSWITCH of your own, with its module `mod_xml_rpc`."""

    api_url: str = Field("http://127.0.0.1:8080", description="Of `mod_xml_rpc`.")
    api_user: str = Field("", description="Of `mod_xml_rpc`, to start, transfer and end calls.")
    api_password: SecretName = _secret("the password of that user")


class AccountsOptions(BaseModel):
    """Providers by whom calls come; each is served at `/phone/NAME`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    twilio: TwilioAccount = TwilioAccount()
    signalwire: SignalwireAccount = SignalwireAccount()
    telnyx: TelnyxAccount = TelnyxAccount()
    plivo: PlivoAccount = PlivoAccount()
    vonage: VonageAccount = VonageAccount()
    jambonz: JambonzAccount = JambonzAccount()
    exotel: ExotelAccount = ExotelAccount()
    asterisk: AsteriskAccount = AsteriskAccount()
    audiosocket: ExchangeAccount = ExchangeAccount()
    mod_audio_fork: FreeswitchAccount = FreeswitchAccount()
    mod_audio_stream: FreeswitchAccount = FreeswitchAccount()
