"""What all calls have in common."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from actors.gateway.callers import Callers
from actors.gateway.errors import CallerError
from actors.gateway.options import GatewayOptions
from actors.gateway.phone.context import CallAdmission, CallControl
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.phone_output import PhoneOutput
from actors.outputs.metronome import WorkOf
from pipeline.frames import SpeechStarted
from pipeline.logs import Logger

FAREWELL_S = 15.0
"""For what is said last: as long as a failure prompt may take."""
REST_S = 5.0
"""For a provider to answer a request."""


@dataclass
class PhoneLines:
    """The lines of calls, and where they hear, by session; how they end, by the provider's name."""

    lines: dict[str, PhoneLine] = field(default_factory=dict)
    outputs: dict[str, PhoneOutput] = field(default_factory=dict)
    enders: dict[tuple[str, str], Callable[[str], None]] = field(default_factory=dict)

    def ended(self, provider: str, call_id: str, reason: str) -> None:
        """A provider said, beside the socket, that a call is over."""
        end = self.enders.get((provider, call_id))
        if end is not None:
            end(reason)

    def barge_in(self, speech: SpeechStarted) -> None:
        """Who is on a line speaks: what waits at its provider is not to be heard."""
        line = self.lines.get(speech.session)
        if line is not None:
            line.barge_in(speech, time.monotonic_ns())

    def forget(self, session: str) -> None:
        """A call is over."""
        self.lines.pop(session, None)
        self.outputs.pop(session, None)


@dataclass
class Switchboard:
    """What all calls have in common.

    Attributes:
        callers: All callers of the gateway.
        lines: Those of calls.
        admission: Who may come in.
        control: What is asked of providers.
        problem: Returns why nobody would be answered now, in words; empty if they would be.
        options: Of the gateway.
        work_of: What is done in it is the work of a session, and fails for it alone.
        counters: Of the gateway.
        log: Of the gateway.
    """

    callers: Callers
    lines: PhoneLines
    admission: CallAdmission
    control: CallControl
    problem: Callable[[], str]
    options: GatewayOptions
    work_of: WorkOf
    counters: Counter[str]
    log: Logger

    async def until_heard(self, session: str) -> None:
        """Return once all that is being said was heard, or could have been for long."""
        output = self.lines.outputs.get(session)
        try:
            async with asyncio.timeout(FAREWELL_S):
                if output is not None:
                    await output.quiet()
        except TimeoutError:
            self.log.warning("what was said last was not heard", after_s=FAREWELL_S)

    async def ask(self, request: Awaitable[None], failing: str) -> str:
        """Wait for what a provider is asked for; return why it is not done, which is logged."""
        try:
            async with asyncio.timeout(REST_S):
                await request
        except (CallerError, TimeoutError) as error:
            why = str(error) or f"the provider did not answer in {REST_S:g} s"
            self.log.warning(failing, detail=why)
            return why
        return ""
