"""What is asked of providers beside the media socket: calls are started, handed on and ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from actors.gateway.errors import CallerError
from actors.gateway.phone.context import CallContext, CallDirection
from actors.gateway.phone.doors.call_program import (
    DialStep,
    HangUpStep,
    OutboundCall,
    SpokenStep,
    Step,
    StreamOffer,
)
from actors.gateway.phone.doors.call_provider import RestAction, RestProvider
from actors.gateway.phone.doors.kept_steps import KeptSteps
from actors.gateway.phone.doors.known_calls import CallStage, KnownCall, KnownCalls
from actors.gateway.phone.doors.provider_client import GONE, ProviderClient
from actors.gateway.phone.doors.provider_table import ProviderTable, rest_of
from actors.gateway.phone.doors.providers.exchange import ExchangeProvider, dialled
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider
from pipeline.logs import Logger

HANDED_ON = "handed on"


class ProviderControl:
    """Asks providers for what concerns calls; `CallControl` for the media loop.

    Args:
        providers: All of them, by name.
        records: Calls that are known.
        client: Asks them by HTTP.
        public: Returns the address under which a provider reaches a path.
        log: Of the gateway.
    """

    def __init__(
        self,
        providers: ProviderTable,
        records: KnownCalls,
        client: ProviderClient,
        public: Callable[[str], str],
        log: Logger,
    ) -> None:
        self._providers = providers
        self._records = records
        self._client = client
        self._public = public
        self._log = log
        self._programs: KeptSteps[tuple[str, str]] = KeptSteps()
        self._later: dict[tuple[str, str], Sequence[Step]] = {}
        self._next: KeptSteps[tuple[str, str]] = KeptSteps()
        self.on_let_go: Callable[[str, str, str], None] = lambda _provider, _call, _reason: None
        """Closes the media socket of a call, where the exchange does not."""
        self.on_call_back: Callable[[str, CallContext], bool] = lambda _provider, _context: False
        """Has somebody called back."""

    def hangs_up(self, provider: str) -> bool:
        """As of `CallControl`."""
        return self._can(provider, RestAction.HANG_UP)

    def transfers(self, provider: str) -> bool:
        """As of `CallControl`."""
        return self._asks_next(provider) or self._can(provider, RestAction.REDIRECT)

    async def hang_up(self, provider: str, call_id: str) -> None:
        """As of `CallControl`."""
        rest = self._rest(provider, RestAction.HANG_UP)
        await self._client.ask(provider, rest.hang_up(call_id), again=True, gone=GONE)
        record = self._records.of_call(provider, call_id)
        if record is not None:
            self._records.change(record, CallStage.ENDED, "hung up by us")

    async def transfer(self, provider: str, call_id: str, number: str) -> None:
        """As of `CallControl`."""
        dial = DialStep(number, self._our_number(provider, call_id))
        await self.redirect(provider, call_id, [dial])

    async def give_up(self, provider: str, call_id: str, context: CallContext) -> None:
        """As of `CallControl`."""
        failure = context.on_failure
        steps: list[Step] = []
        if failure.say:
            steps.append(SpokenStep(failure.say, context.language or ""))
        if failure.transfer_to:
            steps.append(DialStep(failure.transfer_to, self._our_number(provider, call_id)))
        else:
            steps.append(HangUpStep())
        await self.redirect(provider, call_id, steps)

    def call_back(self, provider: str, context: CallContext) -> bool:
        """As of `CallControl`."""
        return self.on_call_back(provider, context)

    async def redirect(self, provider: str, call_id: str, steps: Sequence[Step]) -> None:
        """Let a call do something else; its media socket is closed by that.

        Raises:
            CallerError: the provider refuses, and why.
        """
        if list(steps) == [HangUpStep()]:
            await self.hang_up(provider, call_id)
            return
        record = self._records.of_call(provider, call_id)
        if self._asks_next(provider):
            for step in steps:
                if isinstance(step, DialStep):
                    dialled(step.number)  # What is no number is said now, and not to the dialplan.
            self._next.keep((provider, call_id), steps)
            if record is not None:
                self._records.change(record, CallStage.HANDED_ON)
            self.on_let_go(provider, call_id, HANDED_ON)
            return
        rest = self._rest(provider, RestAction.REDIRECT)
        if isinstance(rest, TelnyxProvider):
            # It takes one command at a time, and tells when it has spoken.
            steps, later = steps[:1], steps[1:]
            if later:
                self._later[provider, call_id] = later
        exchange = isinstance(rest, ExchangeProvider)
        url = "" if exchange else self._fetched(provider, steps)
        request = rest.redirect(call_id, steps, url)
        if record is not None:
            # Before it is asked: its media socket may be closed before the answer is here.
            self._records.change(record, CallStage.HANDED_ON)
        try:
            await self._client.ask(provider, request, again=True)
        except CallerError:
            if record is not None and record.state is CallStage.HANDED_ON:
                self._records.connect(record)
            raise
        if exchange:
            self.on_let_go(provider, call_id, HANDED_ON)

    def next(self, provider: str, call_id: str) -> Sequence[Step] | None:
        """Return, once, what a dialplan that asks is to do with a call whose socket is closed."""
        return self._next.take((provider, call_id))

    async def go_on(self, provider: str, call_id: str) -> None:
        """Let a call do what comes next, where that is said step by step.

        Raises:
            CallerError: the provider refuses, and why.
        """
        steps = self._later.pop((provider, call_id), ())
        if steps:
            await self.redirect(provider, call_id, steps)

    def forget(self, provider: str, call_id: str) -> None:
        """A call is over."""
        self._later.pop((provider, call_id), None)

    def program(self, provider: str, name: str) -> Sequence[Step] | None:
        """Return what a provider was told to fetch; None if there is nothing of this name."""
        return self._programs.get((provider, name))

    async def start(self, record: KnownCall, call: OutboundCall) -> None:
        """Start a call, and note the provider's name of it.

        Raises:
            CallerError: the provider refuses, and why.
        """
        rest = self._rest(record.provider, RestAction.START)
        request = rest.start(call)
        answer = await self._client.ask(record.provider, request, again=False)
        self._records.name(record, request.names or rest.started(answer))
        self._log.info(
            "a call is started",
            provider=record.provider,
            call=record.call_id,
            business=record.business,
            called=record.called,
        )

    async def open_stream(self, provider: TelnyxProvider, call_id: str, offer: StreamOffer) -> None:
        """Let Telnyx open the socket of a call that we started, and that was answered."""
        await self._client.ask(provider.name, provider.open_stream(call_id, offer), again=True)

    async def answer(self, provider: TelnyxProvider, call_id: str, offer: StreamOffer) -> None:
        """Let Telnyx answer a call, and open its socket."""
        await self._client.ask(provider.name, provider.answer(call_id, offer), again=True)

    def starters(self) -> list[str]:
        """Return the names of providers by whom calls can be started."""
        return [name for name in self._providers if self._can(name, RestAction.START)]

    def rest(self, provider: str) -> RestProvider:
        """Return a provider by whom calls can be started.

        Raises:
            CallerError: this one is none.
        """
        return self._rest(provider, RestAction.START)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._client.close()

    def _can(self, provider: str, action: RestAction) -> bool:
        rest = rest_of(self._providers, provider)
        return rest is not None and action in rest.actions and not rest.missing

    def _rest(self, provider: str, action: RestAction) -> RestProvider:
        rest = rest_of(self._providers, provider)
        if rest is None or action not in rest.actions:
            exchange = isinstance(self._providers.get(provider), ExchangeProvider)
            if exchange and action is RestAction.REDIRECT:
                raise CallerError(
                    f"{provider} cannot be asked to hand on a call: let its dialplan ask "
                    f"/phone/{provider}/next, and set phone.accounts.{provider}.asks_next"
                )
            what = action.name.lower().replace("_", " ")
            raise CallerError(f"{provider} cannot be asked to {what} a call by HTTP")
        if rest.missing:
            raise CallerError(f"set {rest.missing} of phone.accounts.{provider}")
        return rest

    def _asks_next(self, provider: str) -> bool:
        asked = self._providers.get(provider)
        return isinstance(asked, ExchangeProvider) and asked.asks_next

    def _fetched(self, provider: str, steps: Sequence[Step]) -> str:
        """Return where a provider can fetch steps."""
        name = secrets.token_urlsafe(16)
        self._programs.keep((provider, name), steps)
        return self._public(f"/phone/{provider}/then/{name}")

    def _our_number(self, provider: str, call_id: str) -> str:
        record = self._records.of_call(provider, call_id)
        if record is None:
            return ""
        return record.caller if record.direction is CallDirection.OUTBOUND else record.called
