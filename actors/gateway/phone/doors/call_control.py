"""What is asked of providers beside the media socket: calls are started, handed on and ended."""

from __future__ import annotations

import secrets
import time
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
from actors.gateway.phone.doors.known_calls import CallStage, KnownCall, KnownCalls
from actors.gateway.phone.doors.provider_client import GONE, ProviderClient, ProviderRefusedError
from actors.gateway.phone.doors.provider_table import ProviderTable, rest_of
from actors.gateway.phone.doors.providers.telnyx import TelnyxProvider
from pipeline.logs import Logger

PROGRAM_LASTS_S = 120.0
"""A provider fetches at once what it was told to fetch."""
MOST_PROGRAMS = 1_000


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
        self._programs: dict[str, tuple[float, str, Sequence[Step]]] = {}
        self._later: dict[tuple[str, str], Sequence[Step]] = {}
        self.on_call_back: Callable[[str, CallContext], bool] = lambda _provider, _context: False
        """Has somebody called back."""

    def hangs_up(self, provider: str) -> bool:
        """As of `CallControl`."""
        return self._can(provider, RestAction.HANG_UP)

    def transfers(self, provider: str) -> bool:
        """As of `CallControl`."""
        return self._can(provider, RestAction.REDIRECT)

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
        rest = self._rest(provider, RestAction.REDIRECT)
        if isinstance(rest, TelnyxProvider):
            # It takes one command at a time, and tells when it has spoken.
            steps, later = steps[:1], steps[1:]
            if later:
                self._later[provider, call_id] = later
        record = self._records.of_call(provider, call_id)
        name = self._keep(provider, steps)
        request = rest.redirect(call_id, steps, self._public(f"/phone/{provider}/then/{name}"))
        if record is not None:
            # Before it is asked: its media socket may be closed before the answer is here.
            self._records.change(record, CallStage.HANDED_ON)
        try:
            await self._client.ask(provider, request, again=True)
        except CallerError:
            if record is not None and record.state is CallStage.HANDED_ON:
                self._records.connect(record)
            raise

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
        until_s, of, steps = self._programs.get(name, (0.0, "", ()))
        return steps if of == provider and time.monotonic() < until_s else None

    async def start(self, record: KnownCall, call: OutboundCall) -> None:
        """Start a call, and note the provider's name of it.

        Raises:
            CallerError: the provider refuses, and why.
        """
        rest = self._rest(record.provider, RestAction.START)
        answer = await self._client.ask(record.provider, rest.start(call), again=False)
        self._records.name(record, rest.started(answer))
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
            what = action.name.lower().replace("_", " ")
            raise CallerError(f"{provider} cannot be asked to {what} a call by HTTP")
        if rest.missing:
            raise CallerError(f"set {rest.missing} of phone.accounts.{provider}")
        return rest

    def _keep(self, provider: str, steps: Sequence[Step]) -> str:
        now_s = time.monotonic()
        self._programs = {name: each for name, each in self._programs.items() if each[0] > now_s}
        if len(self._programs) >= MOST_PROGRAMS:
            raise ProviderRefusedError("too many calls are handed on at once: try again")
        name = secrets.token_urlsafe(16)
        self._programs[name] = (now_s + PROGRAM_LASTS_S, provider, steps)
        return name

    def _our_number(self, provider: str, call_id: str) -> str:
        record = self._records.of_call(provider, call_id)
        if record is None:
            return ""
        return record.caller if record.direction is CallDirection.OUTBOUND else record.called
