"""Who may come in by telephone, and as which call."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from actors.gateway.access.addresses import is_in, parsed_networks
from actors.gateway.access.authenticator import FORWARDED, Authenticator
from actors.gateway.access.denial import AccessDeniedError, Denial
from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.dialect import CallStarted
from actors.gateway.phone.doors.businesses import Businesses
from actors.gateway.phone.doors.call_contexts import context_of
from actors.gateway.phone.doors.call_program import WebhookAnswer
from actors.gateway.phone.doors.call_provider import CallProvider
from actors.gateway.phone.doors.call_tokens import CallPass, CallTokens
from actors.gateway.phone.doors.expected_calls import ExpectedCalls
from actors.gateway.phone.doors.known_calls import CallStage, KnownCall, KnownCalls
from actors.gateway.phone.doors.provider_table import ProviderTable
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider
from actors.gateway.phone.doors.seen_once import SeenOnce
from actors.gateway.phone.doors.signatures.shared_secret import basic_of, bearer_of
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from pipeline.logs import Logger

OWN_KEYS = ("x-api-key",)
UNSURE = ("plivo", "vonage")
"""How they sign webhooks is documented, and their packages agree; of their sockets it is only said
that they are signed."""
NAMED_ONLY = ("audiosocket",)
"""Their sockets bring the name of the call and nothing else: a name that somebody announced, with a
key, is proof; another takes what an exchange without a password takes."""
SOCKET_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}


class CallDoor:
    """Decides which sockets and webhooks are taken; `CallAdmission` for the media loop.

    Args:
        public_url: Under which providers reach the gateway; empty if it is not set.
        providers: All of them, by name.
        businesses: All businesses.
        tokens: Of sockets.
        expected: Calls that were announced.
        records: Calls that are known.
        authenticator: Who asks where no provider proves itself.
        clock: Seconds since 1970.
        log: Of the gateway.
    """

    def __init__(
        self,
        public_url: str,
        providers: ProviderTable,
        businesses: Businesses,
        tokens: CallTokens,
        expected: ExpectedCalls,
        records: KnownCalls,
        authenticator: Authenticator,
        clock: Callable[[], float],
        log: Logger,
    ) -> None:
        self.providers = providers
        self.businesses = businesses
        self.tokens = tokens
        self.expected = expected
        self.records = records
        self.once: SeenOnce[WebhookAnswer] = SeenOnce(clock)
        self._public_url = public_url.rstrip("/")
        self._authenticator = authenticator
        self._clock = clock
        self._log = log

    async def check(self, knock: Knock) -> None:
        """As of `CallAdmission`."""
        provider = self.provider(knock.provider)
        if knock.provider in NAMED_ONLY:
            return  # It has brought nothing yet; its first message brings the name of the call.
        if not knock.token:
            await self.prove(provider, self.handshake(knock), knock.address)
            return
        given = self.tokens.read(knock.token, provider.name)
        # Before it is used up: who forges a signature takes no token from the provider.
        self._prove_besides(provider, self.handshake(knock))
        self.tokens.use(given)

    async def admit(self, knock: Knock, started: CallStarted) -> CallContext:
        """As of `CallAdmission`."""
        given = self.tokens.read(knock.token, knock.provider) if knock.token else None
        if given is not None:
            self.tokens.check_call(given, started.call_id)
        expected = self.expected.take(started.call_id) if started.call_id else None
        if expected is None and knock.provider in NAMED_ONLY:
            provider = self.provider(knock.provider)
            await self.prove(provider, self.handshake(knock), knock.address)
        record = self._record_of(knock.provider, given, started.call_id)
        context = context_of(self.businesses, given, expected, record, started)
        record = record or self.records.new(knock.provider, call_id=started.call_id)
        self.records.name(record, started.call_id)
        record.business, record.direction = context.business, context.direction
        record.caller, record.called = context.caller, context.called
        self.records.connect(record)
        return context

    def closed(self, knock: Knock, call_id: str) -> None:
        """As of `CallAdmission`."""
        record = self.records.of_call(knock.provider, call_id)
        if record is not None and record.state is CallStage.CONNECTED:
            self.records.change(record, CallStage.ENDED, "its media socket was closed")

    def provider(self, name: str) -> CallProvider:
        """Return a provider.

        Raises:
            AccessDeniedError: there is none such.
        """
        found = self.providers.get(name)
        if found is None:
            known = ", ".join(sorted(self.providers))
            raise AccessDeniedError(
                Denial.PROVIDER_UNKNOWN, f"no such provider {name!r}: there are {known}"
            )
        return found

    def public(self, path: str, *, socket: bool = False) -> str:
        """Return the address under which a provider reaches a path.

        Args:
            path: With its query, as it came.
            socket: The scheme is that of a WebSocket.

        Raises:
            AccessDeniedError: it is not known.
        """
        if not self._public_url:
            raise AccessDeniedError(
                Denial.PUBLIC_URL_MISSING,
                "set phone.public_url to the address under which providers reach this gateway: "
                "what they sign is that address, and it cannot be told from the request",
            )
        scheme, _, rest = self._public_url.partition("://")
        if socket:
            scheme = SOCKET_SCHEMES.get(scheme, scheme)
        return f"{scheme}://{rest}{path}"

    def public_or_nothing(self, path: str, *, socket: bool = False) -> str:
        """Return the address under which a provider reaches a path; empty if it is not known."""
        return self.public(path, socket=socket) if self._public_url else ""

    def handshake(self, knock: Knock) -> SignedRequest:
        """Return the handshake of a socket as its provider signs it."""
        return SignedRequest("GET", self.public_or_nothing(knock.path, socket=True), knock.headers)

    async def prove(self, provider: CallProvider, request: SignedRequest, address: str) -> None:
        """Look whether a request is of the provider, or of somebody with a key of the gateway.

        Raises:
            AccessDeniedError: it is of nobody that is known.
        """
        forwarded = any(name in request.headers for name in FORWARDED)
        if self._comes_from_exchange(provider, request, address) and not forwarded:
            return
        unsigned: AccessDeniedError | None = None
        if provider.signs:
            self.public("")  # What is signed is that address.
            try:
                self.once.use(provider.name, provider.prove(request, self._clock()))
                return
            except AccessDeniedError as error:
                if error.denial is not Denial.UNSIGNED:
                    raise
                unsigned = error
        key = _key_of(request.headers)
        if unsigned is not None and not key:
            raise unsigned
        if isinstance(provider, ExchangeProvider) and provider.networks and not key:
            raise AccessDeniedError(
                Denial.UNSIGNED,
                f"{address or 'this address'} is not in phone.accounts.{provider.name}.networks",
            )
        if await self._authenticator.knows(key):
            return
        if self.is_configured:
            raise AccessDeniedError(
                Denial.UNSIGNED,
                f"nothing proves this call of {provider.name}: set what it signs with in "
                "phone.accounts, or let the exchange give a key of the gateway as its password",
            )
        self._authenticator.admit_unproven(key, address, is_forwarded=forwarded)
        self._log.info(
            "served without a signature: nothing is configured that would ask for one",
            provider=provider.name,
            address=address,
        )

    @property
    def is_configured(self) -> bool:
        """Whether anything says who may call, or that others than this machine do: a tunnel may
        come from this machine too."""
        return bool(self._public_url) or any(each.signs for each in self.providers.values())

    def _comes_from_exchange(
        self, provider: CallProvider, request: SignedRequest, address: str
    ) -> bool:
        """Whether it needs no password; one that it brings all the same has to be right."""
        return (
            isinstance(provider, ExchangeProvider)
            and basic_of(request.headers) is None
            and is_in(address, parsed_networks(provider.networks))
        )

    def _prove_besides(self, provider: CallProvider, request: SignedRequest) -> None:
        """A token is proof enough; a signature that comes with it should fit all the same."""
        if not provider.signs or not self._public_url:
            return
        try:
            self.once.use(provider.name, provider.prove(request, self._clock()))
        except AccessDeniedError as error:
            if error.denial is Denial.UNSIGNED:
                return
            if provider.name not in UNSURE:
                raise
            self._log.warning(
                "the socket has a token, and is let in; its signature does not fit",
                provider=provider.name,
                detail=str(error),
            )

    def _record_of(self, provider: str, given: CallPass | None, call_id: str) -> KnownCall | None:
        ordered = self.records.find(given.order) if given is not None and given.order else None
        return ordered or self.records.of_call(provider, call_id)


def _key_of(headers: Mapping[str, str]) -> str:
    """A key of the gateway: as everywhere, or as the password of a dialplan's URL."""
    basic = basic_of(headers)
    named = next((headers[name] for name in OWN_KEYS if headers.get(name)), "")
    return bearer_of(headers) or (basic[1] if basic is not None else "") or named
