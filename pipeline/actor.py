"""The base class of every actor: typed ports, options, and a life of start, run, stop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from contextvars import Context
from typing import Any, Generic

from typing_extensions import TypeVar

from pipeline.actor_kind import ActorKind, Options
from pipeline.declaration import bound_outputs, declare, unknown_output
from pipeline.errors import UnusableFrameError
from pipeline.frames import ActorState, Frame, SessionEnded, SessionOpened
from pipeline.logs import SESSION, Logger, get_logger
from pipeline.ports import IMPLICIT_OUTPUTS
from pipeline.sessions import SessionTable
from pipeline.sessions.work import SessionWork
from pipeline.surroundings import Surroundings

__all__ = ["Actor", "Options"]

OptionsT = TypeVar("OptionsT", bound=Options, default=Options)


class Actor(ActorKind, Generic[OptionsT]):
    """One stage of the conversation.

    A subclass `Loud(Actor[LoudOptions])` has the options `LoudOptions`. Its method
    `on_audio(self, frame: Audio)` makes an input port `audio` that takes `Audio`, and is called for
    each frame; `speech: Out[SpeechStarted]` in its body makes an output port. `inputs` has what is
    to be dropped or replayed, and may list ports in full, as `outputs` may.

    Handlers run one after the other on the actor's event loop and must not block it: longer work
    goes to `self.spawn(...)` or a thread. The class is imported by the supervisor to read its
    ports, so heavy libraries are imported in `start`.

    Handlers see frames of open sessions. `make_session` makes what the actor keeps of one,
    `self.sessions[frame.session]` has it, `session_ended` lets go of it.

    An exception in the work of a caller's session ends that session; in the work of the config's
    own, and anywhere else, the process, which the supervisor starts again. A `GreenroomError` says
    that the caller sent what cannot be used; however many do, the process goes on. An
    `UnusableFrameError` for a frame of the own session costs that frame.
    """

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        self.options = options
        self.surroundings = surroundings
        self.name = surroundings.name
        self.session = surroundings.session
        self.log: Logger = get_logger(surroundings.name)
        self.counters: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}
        self.checkpoint: dict[str, Any] = dict(surroundings.checkpoint)
        self.state = ActorState.STARTING
        self.detail = ""
        self._publish: Callable[[str, Frame], None] | None = None
        self._rest: Callable[[str, int], None] | None = None
        self._session_work = SessionWork(self)
        self.sessions: SessionTable[Any] = self._session_work.table
        """Those that are open, each with what `make_session` returned for it."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._failed: asyncio.Future[None] | None = None
        vars(self).update(bound_outputs(self))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare(cls, Options)

    def rates_hz(self) -> Mapping[str, float]:
        """Frames a second that output ports give once they have begun; asked before `start`.

        What the ports declare, unless the options decide it. A port that then goes silent is told
        of in the log and in the gauge `<port>.silent`.
        """
        return {port: out.rate_hz for port, out in self.outputs.items() if out.rate_hz > 0}

    async def start(self) -> None:
        """Prepare: import, load, open. The actor is ready when this returns."""

    async def run(self) -> None:
        """Work until cancelled; a source may return when it has no more to give."""
        await asyncio.Event().wait()

    def runtime_dir_made_again(self) -> None:
        """The runtime folder had been removed: write anew what others look for in it."""

    async def drain(self) -> None:
        """Finish what is under way: the actor was told to stop, and frames still come.

        Cut off in time for `stop`: by `supervision.stop_deadline_s` the process is gone.
        """

    async def stop(self) -> None:
        """Give everything back; called on every path out, also after a failed start."""

    def measure(self) -> None:
        """Fill in `gauges` that cost more than a frame may; called before each heartbeat between
        `start` and `stop`."""

    def make_session(self, opened: SessionOpened) -> Any:
        """Return what the actor keeps of a session that is opened; called after `start`."""
        return None

    def session_ended(self, state: Any, ended: SessionEnded) -> None:
        """Let go of all that is kept of a session: connections, files, timers, tasks."""

    def publish(self, port: str, frame: Frame) -> None:
        """Send a frame on an output port; never blocks. Without a session it is of the own one."""
        if self._publish is None:
            raise RuntimeError(f"{self.name} published before it was started")
        if port not in self.outputs and port not in IMPLICIT_OUTPUTS:
            raise unknown_output(type(self), port)
        if not frame.session:
            frame = frame.model_copy(update={"session": self.session})
        self._publish(port, frame)

    def rest(self, port: str, until_ns: int) -> None:
        """Say in the handler of a port that the frames that follow may wait until a monotonic time.

        Nothing has to be done about them before. Each frame saved from coming by itself spares
        the process a wake-up, which takes longer than most of what is done with a block of sound.
        """
        if self._rest is not None:
            self._rest(port, until_ns)

    def set_state(self, state: ActorState, detail: str = "") -> None:
        """Say how the actor is; goes out with the next heartbeat."""
        self.state = state
        self.detail = detail

    def spawn(self, work: Coroutine[Any, Any, None], name: str = "") -> asyncio.Task[None]:
        """Run `work` beside the handlers; if it raises, the actor fails."""
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}:{name}")
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def bind(
        self,
        publish: Callable[[str, Frame], None],
        rest: Callable[[str, int], None] | None = None,
    ) -> asyncio.Future[None]:
        """Give the actor its way out; returns a future that holds the first failure of a task.

        Args:
            publish: Sends a frame on a port.
            rest: Lets the frames of an input port wait; None: all come at once.
        """
        self._publish = publish
        self._rest = rest
        self._failed = asyncio.get_running_loop().create_future()
        return self._failed

    def receive(self, port: str, frame: Frame) -> None:
        """Hand a frame to the handler of an input port, if its session is open."""
        entry = self.sessions.entry(frame.session)
        if entry is None and self.open_sessions_only:
            self._session_work.hold(port, frame)
            return
        handler: Callable[[Frame], None] = getattr(self, f"on_{port}")
        if entry is None or not entry.labels:
            try:
                handler(frame)
            except UnusableFrameError as error:
                self._session_work.unusable.drop(port, error)
        else:
            self._session_work.handle(entry.labels, handler, frame)

    def open_own_session(self) -> None:
        """Open the config's own session, which lasts as long as the process."""
        language = self.surroundings.language
        self.receive_session(SessionOpened(session=self.session, language=language))

    def receive_session(self, frame: Frame) -> None:
        """Open or end a session, as the supervisor says."""
        match frame:
            case SessionOpened():
                self._session_work.open(frame)
            case SessionEnded() if frame.session != self.session:
                self._session_work.end(frame)

    def work_of(self, session: str) -> AbstractContextManager[None]:
        """Do work of a session outside of its handlers, such as one of a batch.

        Log lines carry its labels, tasks and timers begun here belong to it, and an exception is
        its failure.
        """
        return self._session_work.work_of(session)

    def call_later(self, seconds: float, work: Callable[[], None]) -> asyncio.TimerHandle:
        """Run `work`, which concerns no session or several, after so long."""
        return asyncio.get_running_loop().call_later(seconds, work, context=Context())

    def fail_session(self, session: str, error: BaseException) -> None:
        """End a caller's session whose work raised; one too many of them ends the process."""
        self._session_work.fail(session, error)

    def fail(self, error: BaseException) -> None:
        """End the process, by this error."""
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    def fail_current(self, error: BaseException) -> None:
        """End whosever work this is: the session of the running context, else the process."""
        session = SESSION.get().get("session")
        if session is None or not isinstance(error, Exception):
            self.fail(error)
        else:
            self.fail_session(session, error)

    async def cancel_tasks(self) -> None:
        """End what `spawn` began."""
        self._session_work.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail_current(error)
