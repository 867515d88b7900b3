"""Runs what the model asks for and answers every call exactly once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar

from actors.services.tools.catalogue import ToolCatalogue, load_functions
from actors.services.tools.client_functions import ClientFunctions
from actors.services.tools.journal import CallJournal
from actors.services.tools.ledger import CallEntry, CallKey, CallLedger
from actors.services.tools.mcp_server import CONNECT_S, McpServer
from actors.services.tools.options import ToolsOptions
from actors.services.tools.runs import INTERRUPTED, ToolRuns
from actors.services.tools.speech_ends import SpeechEnds
from actors.services.tools.threads import DaemonThreads
from pipeline.actor import Actor
from pipeline.frames import (
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolCall,
    ToolCancel,
    ToolOffer,
    ToolResult,
    ToolStatus,
)
from pipeline.ports import In, Out
from pipeline.store import Store

if TYPE_CHECKING:
    from pipeline.surroundings import Surroundings

MCP_START_S = 5.0
"""How long the start waits for MCP servers: a present one takes 1-2 s, and the conversation is
not to be held up by one that is away."""
WENT_ON = "not done, as the user went on speaking: take all that was said together"


class Tools(Actor[ToolsOptions]):
    """Python functions and MCP servers for the model.

    A call is written down before it runs and after it is answered, so that a call which was under
    way when the process was killed is answered with an error by the next one, and not run again.
    """

    inputs: ClassVar = {
        "calls": In(replay=True),
        "speech": In(replay=True, required=False),
    }
    offer: Out[ToolOffer] = Out(retain_last=True)
    results: Out[ToolResult] = Out(retain_s=30)

    def __init__(self, options: ToolsOptions, surroundings: Surroundings) -> None:
        """Set up the books; nothing is opened before `start`."""
        super().__init__(options, surroundings)
        self._threads = DaemonThreads(self._on_stuck)
        self._servers: list[McpServer] = []
        self._tools = ToolCatalogue({}, [], self._on_left_out)
        self._ledger = CallLedger()
        self._speech_ends = SpeechEnds(options.settle_s)
        path = surroundings.state_dir / f"{surroundings.name}.sqlite3"
        self._journal = CallJournal(Store(path, surroundings.started_ns, self.log))
        self._answering: dict[CallKey, asyncio.Task[None]] = {}
        self._settling: dict[CallKey, str] = {}
        """Calls that wait for the user to have finished, each with its turn."""
        self._runs = ToolRuns(self.log)
        self._consumers_there = asyncio.Event()

    async def start(self) -> None:
        """Load the functions, give the MCP servers a moment, offer what there is.

        Raises:
            ConfigError: a function or a server's program is not there or cannot be offered.
        """
        folder = self.surroundings.config_dir
        functions = load_functions(self.options.functions, folder, self._threads)
        self._servers = [
            McpServer(
                each,
                folder,
                self.log,
                self.counters,
                self._offer,
                CONNECT_S * self.surroundings.slowness,
            )
            for each in self.options.mcp
        ]
        self._tools = ToolCatalogue(functions, self._servers, self._on_left_out)
        self._ledger = CallLedger(self._journal.load())
        await self._connect_servers()
        self._tools.check_names(list(self.options.timeouts_s))
        self._offer()

    async def run(self) -> None:
        """Answer what a killed process left open, then let the calls run."""
        for entry in self._ledger.unanswered():
            if entry.key.session not in self.sessions:
                # It ended while nobody was here.
                self._ledger.forget(entry.key.session)
                self._journal.forget(entry.key.session)
            elif entry.key not in self._answering:
                self.counters["interrupted"] += 1
                self._answer(entry.key, ToolStatus.ERROR, {"error": INTERRUPTED})
        self._consumers_there.set()
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """Give up what is under way; the journal keeps it for the next process."""
        await self._runs.stop()
        self._journal.close()

    def make_session(self, opened: SessionOpened) -> ClientFunctions:
        """Keep in mind which functions the caller's own client answers."""
        return ClientFunctions(opened)

    def session_ended(self, state: ClientFunctions, ended: SessionEnded) -> None:
        """Give up the session's calls: nobody waits for an answer any more."""
        for key in [key for key in self._answering if key.session == ended.session]:
            self.counters["calls.given_up"] += 1
            self._answering[key].cancel()
        self._ledger.forget(ended.session)
        self._journal.forget(ended.session)
        self._speech_ends.forget(ended.session)

    def on_calls(self, frame: ToolCall | ToolCancel) -> None:
        """Take on a call, or give one up; not those that the caller's client answers."""
        client: ClientFunctions = self.sessions[frame.session]
        if client.answers(frame):
            self.counters["calls.of_clients"] += isinstance(frame, ToolCall)
        elif isinstance(frame, ToolCancel):
            self._cancel(frame)
        else:
            self._accept(frame)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Note when the user stopped speaking; who goes on has not finished what was asked."""
        self._speech_ends.on_speech(frame)
        for key, turn in list(self._settling.items()):
            if key.session == frame.session and self._speech_ends.went_on(frame.session, turn):
                self._call_off(key)

    def _accept(self, call: ToolCall) -> None:
        entry = self._ledger.accept(call)
        if entry is None:
            self.counters["calls.duplicate"] += 1
            return
        self.counters["calls"] += 1
        self._journal.write(entry)
        task = self.spawn(self._run_call(entry, call.args), call.name)
        self._answering[entry.key] = task
        task.add_done_callback(lambda _task: self._answering.pop(entry.key, None))

    def _cancel(self, cancel: ToolCancel) -> None:
        key = CallKey.of(cancel)
        task = self._answering.get(key)
        if task is None:
            self.counters["cancels.too_late"] += 1
            return
        if key in self._settling:
            self._call_off(key)
            return
        self._answer(key, ToolStatus.CANCELLED, {"error": "cancelled"})
        task.cancel()

    def _call_off(self, key: CallKey) -> None:
        """Answer a call that was not begun."""
        self._answer(key, ToolStatus.CALLED_OFF, {"error": WENT_ON})
        self._answering[key].cancel()

    async def _settle(self, entry: CallEntry) -> bool:
        """Wait for the user to have finished speaking; return whether that was the end."""
        self._settling[entry.key] = entry.turn
        try:
            if not self._speech_ends.went_on(entry.key.session, entry.turn):
                await asyncio.sleep(self._speech_ends.wait_s(entry.turn, time.monotonic_ns()))
                return True
        finally:
            del self._settling[entry.key]
        self._answer(entry.key, ToolStatus.CALLED_OFF, {"error": WENT_ON})
        return False

    async def _run_call(self, entry: CallEntry, args: dict[str, Any]) -> None:
        await self._consumers_there.wait()
        if not await self._settle(entry):
            return
        if not await self._journal.written():
            self._on_not_written()
        self.log.info("tool called", tool=entry.name, args=str(args), call=entry.key.call_id)
        tool = self._tools.get(entry.name)
        if tool is None:
            unknown = {"error": self._tools.unknown(entry.name)}
            self._answer(entry.key, ToolStatus.UNKNOWN, unknown)
            return
        timeout_s = self.options.timeouts_s.get(entry.name, self.options.timeout_s)
        self._answer(entry.key, *await self._runs.run(tool, entry.name, args, timeout_s))

    def _answer(self, key: CallKey, status: ToolStatus, response: dict[str, Any]) -> None:
        entry = self._ledger.answer(key)
        if entry is None:
            return
        self.results.publish(
            ToolResult(
                session=key.session,
                turn=entry.turn,
                call_id=key.call_id,
                name=entry.name,
                status=status,
                response=response,
            ),
        )
        self.counters[f"results.{status}"] += 1
        self._journal.write(entry)
        # At once: what is answered and not written down is answered again after a kill.
        self._journal.settle()

    async def _connect_servers(self) -> None:
        for server in self._servers:
            self.spawn(server.run(), f"mcp-{server.name}")
        try:
            async with asyncio.timeout(MCP_START_S * self.surroundings.slowness):
                await asyncio.gather(*(server.tried.wait() for server in self._servers))
        except TimeoutError:
            late = [server.name for server in self._servers if not server.tried.is_set()]
            self.log.warning("going on without MCP servers that are slow", servers=late)

    def _offer(self) -> None:
        """Tell what can be called now."""
        tools = self._tools.refresh()
        self.offer.publish(ToolOffer(session=self.session, tools=tools))

    def _on_left_out(self, count: int) -> None:
        self.log.warning("too many tools: the last ones are not offered", left_out=count)

    def _on_stuck(self, count: int) -> None:
        self.gauges["stuck"] = count

    def _on_not_written(self) -> None:
        self.counters["journal_errors"] += 1
        if self.counters["journal_errors"] == 1:
            self.log.error(
                "cannot write down calls; one that is under way in a crash may go unanswered"
            )
