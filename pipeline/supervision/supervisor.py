"""Supervisor, the root process: reconciles what should run with what does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pipeline.bus import EndpointLock, Subscriber
from pipeline.bus.context import new_context
from pipeline.bus.endpoint import ipc_address
from pipeline.config import SUPERVISOR
from pipeline.frames import Frame, Health, SessionOpened, Status
from pipeline.launch.fork_client import ForkServerClient
from pipeline.launch.slowness import USUAL, Slowness
from pipeline.logs import get_logger
from pipeline.supervision.actor_process import ActorProcess
from pipeline.supervision.decision_outlet import DecisionOutlet
from pipeline.supervision.decision_reports import DecisionReports
from pipeline.supervision.end_watch import EndWatch, on_the_way
from pipeline.supervision.folders import Folders
from pipeline.supervision.notify import ServiceManager
from pipeline.supervision.process_table import CALM_TICK_S, TICK_S, ProcessTable
from pipeline.supervision.start_report import StartReport
from pipeline.turns.callers import CallerSummary
from pipeline.turns.ledger import Ledger
from pipeline.turns.open_sessions import OpenSessions, Told
from pipeline.turns.watch import subscribe
from pipeline.version import VERSION

if TYPE_CHECKING:
    from pipeline.config.graph import Graph

STATUS_EVERY_S = 0.5
"""Twice a second is what a person can follow."""
STOPPED_S = 1.0
"""Twice the longest tick: who has not run for so long was stopped, or had no processor, and all
that it watches perhaps with it."""


class RunOutcome(NamedTuple):
    """How a run came to its end."""

    exit_status: int
    reason: str


class Supervisor:
    """Runs a pipeline.

    Args:
        graph: What to run.
        fork_server: A fork server, started by the caller.
        on_frame: Sees every frame the supervisor sees, for a live view.
        unwritten: Says how many lines could not be written so far, by output.
        service: Who started this as a service, and wants to hear how it is.
        slowness: Of this machine.
    """

    def __init__(
        self,
        graph: Graph,
        fork_server: ForkServerClient,
        on_frame: Callable[[str, Frame], None] | None = None,
        unwritten: Callable[[], dict[str, int]] = dict,
        service: ServiceManager | None = None,
        slowness: Slowness = USUAL,
    ) -> None:
        self.graph = graph
        self._unwritten = unwritten
        self._service = service or ServiceManager()
        self._started_ns = time.monotonic_ns()
        self._sessions = OpenSessions(graph.config, graph.playback_scope(), self._started_ns)
        self._processes = ProcessTable(
            graph, fork_server, self._started_ns, self._on_death, slowness
        )
        self._start_report = StartReport(self._processes, self._service)
        self._log = get_logger(SUPERVISOR)
        self._ended: RunOutcome | None = None
        self._wake = asyncio.Event()
        self._awake_s = time.monotonic()
        self._end_watch = EndWatch(partial(self._processes.pids, on_the_way(graph)))
        self._outlet = DecisionOutlet()
        self._version = VERSION
        self._folders = Folders(graph, self._started_ns, self._version)
        self._reports = DecisionReports(self._log, self._sessions.labels, on_frame)

    @property
    def ledger(self) -> Ledger:
        """The account of the turns of the config's session."""
        return self._sessions.own.ledger

    def callers(self) -> tuple[list[CallerSummary], int]:
        """The newest callers, and how many others there were."""
        return self._sessions.callers(time.monotonic_ns())

    def stop(self, exit_status: int = 0, reason: str = "asked to stop") -> None:
        """End the run; the first reason given counts."""
        if self._ended is None:
            self._ended = RunOutcome(exit_status, reason)
            self._wake.set()

    async def run(self, duration_s: float | None = None) -> RunOutcome:
        """Run until the sources are done, somebody calls `stop`, or it cannot go on.

        Raises:
            GreenroomError: another run of this pipeline is under way, or the like.
        """
        try:
            self._folders.make()
            with EndpointLock(self.graph.runtime_dir, SUPERVISOR) as lock:
                self._folders.describe()
                return await self._run(duration_s, lock)
        finally:
            self._processes.close()

    async def _run(self, duration_s: float | None, lock: EndpointLock) -> RunOutcome:
        context = new_context()
        subscribers: list[Subscriber] = []
        try:
            address = ipc_address(self.graph.runtime_dir, SUPERVISOR)
            self._folders.look_after(lock, self._outlet.open(context, address))
            own = self._sessions.own.route_frame()
            opened = SessionOpened(session=own.session, language=self.graph.config.language)
            self._tell(opened, own)
            subscribers = subscribe(self.graph, context, self._on_health, self._handle)
            self._processes.listen()
            self._processes.watch()
            return await self._supervise(duration_s)
        finally:
            self._start_report.stopping(self.graph.config.supervision.stop_deadline_s)
            self._reports.flush()
            await self._processes.stop(self._wake)
            for subscriber in subscribers:
                subscriber.close()
            self._outlet.close()
            context.destroy(linger=0)
            self._service.close()

    def status(self) -> Status:
        """The pipeline at a glance."""
        return Status(
            session=self.graph.config.session,
            pipeline=self.graph.config.name,
            version=self._version,
            uptime_s=(time.monotonic_ns() - self._started_ns) / 1e9,
            ready=self._processes.is_ready,
            route=self._sessions.own.route_frame(),
            actors=[process.status() for process in self._processes],
            sessions=len(self._sessions),
            session_counts=dict(self._sessions.counters),
            turns_open=self._sessions.open_turns(),
            turns_closed=self._sessions.outcomes(),
            spending=self._sessions.own.spending,
            unwritten=self._unwritten(),
        )

    async def _supervise(self, duration_s: float | None) -> RunOutcome:
        begun_s = self._awake_s = time.monotonic()
        next_status_s = begun_s
        while self._ended is None:
            self._excuse_pause()
            now_s = self._awake_s
            self._processes.reconcile(now_s)
            self._tell(*self._sessions.tick(time.monotonic_ns()))
            if now_s >= next_status_s:
                next_status_s = now_s + STATUS_EVERY_S
                self._folders.check()
                self._publish_status()
                self._start_report.look(now_s)
            self._processes.measure(now_s)
            if duration_s is not None and now_s - begun_s >= duration_s:
                self.stop(reason=f"{duration_s:g} s are over")
            elif self._is_done(now_s):
                self.stop(reason="every source has ended and every turn is closed")
            self._wake.clear()
            try:
                async with asyncio.timeout(self._tick_s()):
                    await self._wake.wait()
            except TimeoutError:
                continue
        return self._ended

    def _tick_s(self) -> float:
        is_calm = self._start_report.was_ready and self._processes.is_calm
        return CALM_TICK_S if is_calm and not self._sessions.await_answer() else TICK_S

    def _is_done(self, now_s: float) -> bool:
        return (
            self._processes.is_out_of_input
            and not self._sessions.open_turns()
            and self._end_watch.is_quiet(now_s)
        )

    def _on_death(self, process: ActorProcess) -> None:
        self._tell(*self._sessions.died(process.name, time.monotonic_ns()))
        if process.usage_error is not None and not process.history.ever_ready:
            self.stop(2, f"{self.graph.path}: actors.{process.name}: {process.usage_error}")
        elif not self._folders.check():
            # It could reach nobody, and nobody would reach it.
            self.stop(2, self._folders.problem)
        self._wake.set()

    def _excuse_pause(self) -> None:
        """See whether this process stood still: before anybody is judged by the time.

        After Control-Z and `fg`, or in a container that was paused, everybody was as silent.
        """
        now_ns = time.monotonic_ns()
        lost_s = now_ns / 1e9 - self._awake_s
        self._awake_s = now_ns / 1e9
        if lost_s > STOPPED_S:
            self._log.warning("the supervisor stood still", lost_s=round(lost_s, 1))
            self._processes.excuse(lost_s, self._awake_s)
            self._sessions.excuse(now_ns)
            self._end_watch.on_frame(self._awake_s)

    def _on_health(self, actor: str, health: Health) -> None:
        self._excuse_pause()
        process = self._processes[actor]
        finished_before = process.is_finished
        process.beat(health, time.monotonic())
        if process.is_finished and not finished_before:
            self._end_watch.on_frame(time.monotonic())
        if self._start_report.became_ready():
            self._publish_status()

    def _handle(self, actor: str, frame: Frame) -> None:
        self._excuse_pause()
        self._end_watch.on_frame(time.monotonic())
        told = self._sessions.handle(actor, frame, time.monotonic_ns())
        # All of it before anything is said of it: a hundred sessions may wait to be answered.
        self._outlet.send(*told)
        self._reports.show(actor, frame)
        self._reports.add(*told)
        fault = self._sessions.hopeless()
        if fault is not None:
            advice = f"; {fault.advice}" if fault.advice else ""
            self.stop(2, f"{fault.backend}: {fault.reason}{advice}")

    def _tell(self, *frames: Told) -> None:
        self._outlet.send(*frames)
        self._reports.report(*frames)

    def _publish_status(self) -> None:
        self._service.tell("WATCHDOG=1")
        status = self.status()
        self._outlet.send(status)
        self._reports.show(SUPERVISOR, status)
