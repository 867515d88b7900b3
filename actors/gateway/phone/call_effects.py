"""What is done with a call that is being held: keys, functions of the model, a failure's end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from actors.gateway.caller import Caller
from actors.gateway.events import Event, Speaking
from actors.gateway.phone.context import CallContext
from actors.gateway.phone.functions import PhoneFunctions
from actors.gateway.phone.line import PhoneLine
from actors.gateway.phone.pressed_keys import KeysAsked, PressedKeys
from actors.gateway.phone.sound.key_tones import key_tones
from actors.gateway.phone.switchboard import Switchboard
from actors.gateway.phone.waiting import WaitingTones
from actors.lib.audio.pcm import Samples
from actors.outputs.metronome import BLOCK_SAMPLES
from pipeline.frames import Outcome, SessionEnd, ToolCall, ToolCancel, TurnClosed

CLOSED_S = 10.0
"""For an answer in which the model asked for the end of the call to be over."""
FAILURES = 2
"""Turns failed one after another: the first may have been bad luck."""


class CallEffects:
    """Acts for one call.

    Args:
        board: What all calls have in common.
        provider: Of the call.
        call_id: Its name of it.
        context: What is known of it.
        line: The way back.
        caller: Who is on it.
    """

    def __init__(
        self,
        board: Switchboard,
        provider: str,
        call_id: str,
        context: CallContext,
        line: PhoneLine,
        caller: Caller,
    ) -> None:
        self._board = board
        self._provider = provider
        self._call_id = call_id
        self._context = context
        self._line = line
        self._caller = caller
        self._functions = PhoneFunctions(self, context.transfers)
        self._keys = PressedKeys(self._later, self._tell_keys)
        self._waiting = WaitingTones(line, caller, board.options.phone.waiting_s, self._hum)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed: dict[str, asyncio.Event] = {}
        """Of turns whose answers are waited for."""
        self._failures = 0
        self._leaves = False
        self._called_back = False

    def tell(self, event: Event) -> None:
        """Take what the caller's client is told."""
        match event:
            case ToolCall():
                self._functions.call(event)
            case ToolCancel():
                self._keys.withdraw(event.call_id)
            case Speaking(began=False):
                self._begin(self._waiting.watch())
            case TurnClosed():
                if (closed := self._closed.pop(event.turn, None)) is not None:
                    closed.set()
                self._failures = self._failures + 1 if event.outcome is Outcome.FAILED else 0
                if self._failures and (self._failures >= FAILURES or self._board.problem()):
                    self._fail()

    def key(self, key: str) -> None:
        """A key was pressed: who does that has stopped listening."""
        self._caller.interrupt()
        self._keys.press(key)

    def close(self) -> None:
        """The call is over."""
        self._keys.close()
        for task in self._tasks:
            task.cancel()

    def hang_up_when_heard(self, turn: str) -> None:
        """End the call once the answer to a turn was heard."""
        self._leave(turn, self._hang_up)

    def transfer_when_heard(self, turn: str, name: str, number: str) -> None:
        """Hand the call on once the answer to a turn was heard."""
        self._leave(turn, lambda: self._transfer(name, number))

    def press(self, keys: str, done: Callable[[], None]) -> None:
        """Press keys once what is being said was heard; raises for what is no key."""
        tones = key_tones(keys)
        self._begin(self._press(keys, tones, done))

    def ask_keys(self, asked: KeysAsked, seconds: float) -> None:
        """Give the keys that are pressed next to who asks."""
        self._keys.ask(asked, seconds)

    def answer(self, call: ToolCall, response: Mapping[str, Any], *, failed: bool = False) -> None:
        """Return the result of a function."""
        self._caller.answer_call(call.call_id, response, failed=failed)

    def _fail(self) -> None:
        """Nobody can answer, which is being said: hand the call on if that is wanted."""
        failure, control = self._context.on_failure, self._board.control
        if failure.calls_back and not self._called_back:
            self._called_back = control.call_back(self._provider, self._context)
        can = control.transfers(self._provider)
        number = failure.transfer_to
        if can and (failure.say or (self._called_back and not number)):
            self._leave("", self._give_up)
        elif can and number:
            self._leave("", lambda: self._transfer("somebody else", number))
        elif self._called_back:
            self._leave("", self._let_go)

    def _leave(self, turn: str, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """A call is left once."""
        if not self._leaves:
            self._leaves = True
            self._begin(self._when_heard(turn, last))

    async def _when_heard(self, turn: str, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if turn:
            closed = self._closed[turn] = asyncio.Event()
            try:
                async with asyncio.timeout(CLOSED_S):
                    await closed.wait()
            except TimeoutError:
                self._board.log.warning("the last answer did not come to its end", after_s=CLOSED_S)
        await self._board.until_heard(self._caller.session)
        await last()
        self._leaves = False

    async def _hang_up(self) -> None:
        self._board.callers.end(
            self._caller.session, SessionEnd.HUNG_UP, "the model ended the call"
        )

    async def _let_go(self) -> None:
        self._board.callers.end(
            self._caller.session, SessionEnd.FAILED, "nobody can answer; the caller is called back"
        )

    async def _give_up(self) -> None:
        request = self._board.control.give_up(self._provider, self._call_id, self._context)
        await self._board.ask(request, "a call could not be given up in words")

    async def _transfer(self, name: str, number: str) -> None:
        self._board.log.info("a call is handed on", to=name)
        request = self._board.control.transfer(self._provider, self._call_id, number)
        why = await self._board.ask(request, "a call could not be handed on")
        if why:
            self._caller.type(f"[The call could not be handed on to {name}: {why}]")

    async def _press(self, keys: str, tones: Samples, done: Callable[[], None]) -> None:
        await self._board.until_heard(self._caller.session)
        if not self._line.press(keys, time.monotonic_ns()):
            await self._play(tones)
        done()

    async def _hum(self, tones: Samples) -> None:
        """Play tones for somebody who waits: who speaks does not."""
        await self._play(tones, lambda: not self._caller.speaking)

    async def _play(self, tones: Samples, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Send tones in time; answers wait meanwhile."""
        line = self._line
        line.held = True
        try:
            for at in range(0, len(tones), BLOCK_SAMPLES):
                if not goes_on():
                    break
                now_ns = time.monotonic_ns()
                early_ns = line.due_ns(now_ns) - now_ns
                if early_ns > 0:
                    await asyncio.sleep(early_ns / 1e9)
                line.play(tones[at : at + BLOCK_SAMPLES], time.monotonic_ns())
            line.finish(time.monotonic_ns())
        finally:
            line.held = False

    def _tell_keys(self, keys: str) -> None:
        self._caller.type(f"[The caller pressed on the keypad: {keys}]")
        self._begin(self._waiting.watch())

    def _later(self, seconds: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        def run() -> None:
            with self._board.work_of(self._caller.session):
                work()

        return asyncio.get_running_loop().call_later(seconds, run)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            with self._board.work_of(self._caller.session):
                await work

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
