"""One caller of many: comes, says things, loses the connection, comes back, and goes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from actors.cli.calling.call import Call, Severed
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, What
from actors.cli.calling.moving_line import BACK_S
from actors.cli.calling.scripted_caller import ScriptedCaller, ScriptLine
from actors.cli.calling.transports import CallRefusedError
from actors.cli.calling.wanted_call import WantedCall
from actors.cli.load.crowd_plan import Loss, PlannedCaller
from actors.cli.load.held_line import MOVED, SERVER, STOPPED, HeldLine, LoadedCaller, LostLine
from actors.cli.load.line_events import LineEvents
from actors.cli.load.recordings import SpokenRecording
from actors.cli.load.stay import Stay
from actors.lib.moving_caller import MOVES

RETRY_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""As `page/caller.js` waits before it connects again."""
SILENT_AT_END_S = 2.0
"""Before a caller hangs up, so that an answer is heard to its end."""
ENDED_WELL = "1000"
"""Close code of a conversation that is over."""


class LoadCaller:
    """One caller.

    Args:
        plan: What the caller does.
        wanted: How the gateway is called.
        recordings: What can be said.
        patience_s: For an answer.
    """

    def __init__(
        self,
        plan: PlannedCaller,
        wanted: WantedCall,
        recordings: Sequence[SpokenRecording],
        patience_s: float,
    ) -> None:
        self.stay = Stay.COMING
        self.answers = 0
        self._plan = plan
        self._wanted = wanted
        self._recordings = recordings
        self._patience_s = patience_s
        self._lines: list[HeldLine] = []
        self._lost: list[LostLine] = []
        self._dialled: DialledCall | None = None
        self._events = LineEvents()
        """Of the newest connection."""
        self._came_ns = 0
        self._loses_ns: int | None = None
        """When the network takes the connection away."""
        self._cause = ""
        """Of the loss that comes next, where the network is it."""
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Hang up as soon as can be."""
        self._stopped.set()
        if self._dialled is not None:
            self._dialled.hang_up(STOPPED)

    def journal(self) -> LoadedCaller | None:
        """Return what became of the caller; None: who did not come."""
        if not self._lines:
            return None
        return LoadedCaller(self._plan.number, self._plan.protocol, self._lines, self._lost)

    async def run(self, begins_ns: int) -> None:
        """Do all of it, and return when it is over.

        Args:
            begins_ns: When the first of all callers may come, monotonic.
        """
        arrives_ns = begins_ns + int(self._plan.arrives_s * 1e9)
        if await self._sleep((arrives_ns - time.monotonic_ns()) / 1e9):
            return
        self.stay = Stay.PRESENT
        self._came_ns = time.monotonic_ns()
        if self._plan.loss is not None:
            self._loses_ns = self._came_ns + int(self._plan.loss.after_s * 1e9)
        try:
            # It asks a webhook, and waits for it.
            call = replace(await asyncio.to_thread(self._wanted.call), moves=True)
            dialled, person = await self._hold(call, self._script(call), awaits=False)
        except CallRefusedError as refused:
            self._lines.append(HeldLine("", time.monotonic_ns(), refused=refused.why))
        else:
            while await self._return(dialled, call):
                call, dialled, person = await self._hold_again(call, dialled, person)
        refused_first = bool(self._lines and self._lines[0].refused)
        self.stay = Stay.REFUSED if refused_first else Stay.GONE

    async def _return(self, dialled: DialledCall, call: Call) -> bool:
        """Whether the caller comes back over a line of its own; notes what was lost."""
        if self._stopped.is_set() or not call.words.is_ready:
            return False
        ended = self._events.newest(What.HUNG_UP)
        if dialled.severed is not Severed.NOT and self._plan.loss is not None:
            how = str(self._plan.loss.kind)
        elif (
            call.comes_back
            or ended is None
            or ended["by"] != SERVER
            or ended["why"].startswith(ENDED_WELL)
            or call.words.again() is None
        ):
            return False
        else:
            how = SERVER
        self._lost.append(LostLine(how, time.monotonic_ns()))
        self.stay = Stay.AWAY
        if how == Loss.DROP:
            return False
        away_s = self._plan.loss.away_s if how == Loss.VANISH and self._plan.loss else RETRY_S[0]
        return not await self._sleep(away_s)

    async def _hold_again(
        self, call: Call, before: DialledCall, person: ScriptedCaller
    ) -> tuple[Call, DialledCall, ScriptedCaller]:
        """Come back, and hold the line until it is over; return what then is the newest."""
        # Who was cut off in a sentence says it again; who had said it waits for the answer.
        script, awaits = person.rest, self._events.awaits_answer and not person.is_speaking
        lost_ns = self._lost[-1].at_ns
        for wait_s in (*RETRY_S, *[RETRY_S[-1]] * round(BACK_S / RETRY_S[-1])):
            words = call.words.again()
            try:
                again = await asyncio.to_thread(self._wanted.call)
                call = again if words is None else replace(call, words=words)
                dialled, person = await self._hold(call, script, awaits=awaits, before=before)
            except CallRefusedError:
                dialled = before
            late = time.monotonic_ns() - lost_ns > BACK_S * 1e9
            if call.words.is_ready and dialled is not before:
                break
            if late or await self._sleep(wait_s):
                break
        return call, dialled, person

    async def _hold(
        self,
        call: Call,
        script: Sequence[ScriptLine],
        *,
        awaits: bool,
        before: DialledCall | None = None,
    ) -> tuple[DialledCall, ScriptedCaller]:
        """Hold one connection, until it is over.

        Raises:
            CallRefusedError: the server does not take it.
        """
        self._events = events = LineEvents()
        left_s = self._plan.length_s - (time.monotonic_ns() - self._came_ns) / 1e9
        person = ScriptedCaller(
            script,
            call.words.form.block_samples,
            self._on_happening,
            hang_up_s=SILENT_AT_END_S,
            patience_s=self._patience_s,
            awaits=awaits,
            until_s=max(0.0, left_s),
        )
        self._dialled = dialled = DialledCall(call, self._on_happening)
        try:
            with self._losing(dialled):
                await dialled.run(person)
        finally:
            self._dialled = None
            if before is not None:
                # It was frozen, and by now everybody knows.
                before.abort()
        line = HeldLine(
            call.words.facts.call_id,
            dialled.began_ns,
            events.all,
            [round(each * 1000, 1) for each in dialled.late_s],
            dialled.bytes_up,
            dialled.bytes_down,
            "" if call.words.is_ready else events.refusal,
        )
        self._lines.append(line)
        return dialled, person

    @contextlib.contextmanager
    def _losing(self, dialled: DialledCall) -> Iterator[None]:
        """Have the network take the connection away at its time."""
        loss, at_ns = self._plan.loss, self._loses_ns
        if loss is None or at_ns is None:
            yield
            return

        def lose() -> None:
            self._loses_ns = None
            vanishes = loss.kind is Loss.VANISH
            if dialled.comes_back and loss.kind is not Loss.DROP:
                self._cause = str(loss.kind)
                dialled.shake(loss.away_s if vanishes else None)
            else:
                dialled.sever(Severed.FROZEN if vanishes else Severed.CUT)

        delay_s = max(0.0, (at_ns - time.monotonic_ns()) / 1e9)
        timer = asyncio.get_running_loop().call_later(delay_s, lose)
        try:
            yield
        finally:
            timer.cancel()

    def _on_happening(self, happening: Happening) -> None:
        if self._dialled is None:
            return
        self._events.add(happening, self._dialled.began_ns)
        if happening.what is What.ANSWER:
            self.answers += 1
        if happening.what is What.LOST:
            self._note_loss(str(happening.values["why"]))
        is_back = self._dialled.side.words.is_ready
        if self._dialled.comes_back:
            is_back = happening.what is What.SESSION
        if self.stay is Stay.AWAY and is_back:
            self.stay = Stay.PRESENT
            self._lost[-1] = replace(self._lost[-1], back_ns=time.monotonic_ns())

    def _note_loss(self, why: str) -> None:
        """A connection was lost, and the line comes back by itself."""
        how, self._cause = self._cause or (MOVED if why == MOVES else SERVER), ""
        self._lost.append(LostLine(how, time.monotonic_ns()))
        self.stay = Stay.AWAY

    def _script(self, call: Call) -> list[ScriptLine]:
        rate_hz = call.words.form.rate_hz
        said = [(self._recordings[each.recording], each) for each in self._plan.says]
        return [
            ScriptLine(
                of.name, of.samples(rate_hz), after_s=each.after_s, interrupts=each.interrupts
            )
            for of, each in said
        ]

    async def _sleep(self, seconds: float) -> bool:
        """Wait; return whether it was stopped."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stopped.wait()
        return self._stopped.is_set()
