"""An actor on an event loop of its own, for tests: frames in, frames out."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pipeline.actor import Actor, Options
from pipeline.frames import ActorState, Frame, SessionEnd, SessionEnded, SessionOpened
from pipeline.ports import SESSIONS
from pipeline.sessions.work import SESSIONS_PORT

FrameT = TypeVar("FrameT", bound=Frame)
OptionsT = TypeVar("OptionsT", bound=Options)

PATIENCE_S = 20.0
"""How long `expect` waits: only a broken test gets there, however busy the machine."""
LOOP_ROUNDS = 10
"""Of the event loop, in which what waits for nothing gets done: each hands on to a few others."""


class ActorHarness(Generic[OptionsT]):
    """An actor on an event loop of its own, without sockets or processes."""

    def __init__(self, actor: Actor[OptionsT], loop: asyncio.AbstractEventLoop) -> None:
        self.actor = actor
        self._outputs = {**actor.outputs, SESSIONS_PORT: SESSIONS}
        self.sent: dict[str, deque[Frame]] = {port: deque() for port in self._outputs}
        self._loop = loop
        self._changed = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None] | None = None
        self._seq: dict[str, int] = dict.fromkeys(self._outputs, 0)

    def open(self, session: str, **manner: Any) -> SessionOpened:
        """Open a session, with the fields of `SessionOpened` that are given."""
        opened = SessionOpened(session=session, **manner)
        self._tell(opened)
        return opened

    def end(self, session: str, reason: SessionEnd = SessionEnd.HUNG_UP, detail: str = "") -> None:
        """End a session."""
        self._tell(SessionEnded(session=session, reason=reason, detail=detail))

    def _tell(self, frame: Frame) -> None:
        now_ns = time.monotonic_ns()
        stamped = frame.model_copy(update={"sent_ns": now_ns, "origin_ns": now_ns})
        self._loop.call_soon(self.actor.receive_session, stamped)
        self.settle()

    def send(self, port: str, *frames: Frame) -> None:
        """Hand frames to an input port, each as if it had just been captured and sent.

        Those that name no session are of the actor's own.
        """
        spec = self.actor.inputs[port]
        for frame in frames:
            assert isinstance(frame, spec.types), f"{port} takes {spec.types}, not {frame!r}"
            now_ns = time.monotonic_ns()
            stamped = {
                "sent_ns": now_ns,
                "origin_ns": frame.origin_ns or now_ns,
                "session": frame.session or self.actor.session,
            }
            self._loop.call_soon(self.actor.receive, port, frame.model_copy(update=stamped))
        self.settle()

    def expect(
        self,
        port: str,
        frame_type: type[FrameT],
        where: Callable[[FrameT], bool] = lambda _frame: True,
    ) -> FrameT:
        """Return the next frame of this type on `port`, passing over others.

        Raises:
            AssertionError: none came; the message lists what did.
        """
        seen: list[Frame] = []

        async def wait() -> FrameT:
            while True:
                while self.sent[port]:
                    frame = self.sent[port].popleft()
                    if isinstance(frame, frame_type) and where(frame):
                        return frame
                    seen.append(frame)
                self._check()
                self._changed.clear()
                await self._changed.wait()

        try:
            return self._loop.run_until_complete(asyncio.wait_for(wait(), PATIENCE_S))
        except TimeoutError:
            raise AssertionError(
                f"no {frame_type.type_name} on {self.actor.name}.{port}; "
                f"instead: {[str(f)[:200] for f in seen]}"
            ) from None

    def expect_nothing(self, port: str) -> None:
        """Assert that nothing is on `port` once the actor has dealt with all it was sent."""
        self.settle()
        assert not self.sent[port], f"unexpected on {port}: {list(self.sent[port])}"

    def until(self, condition: Callable[[], bool], what: str = "condition") -> None:
        """Run the actor until `condition()` holds."""

        async def wait() -> None:
            while not condition():
                self._check()
                await asyncio.sleep(0.001)

        try:
            self._loop.run_until_complete(asyncio.wait_for(wait(), PATIENCE_S))
        except TimeoutError:
            raise AssertionError(f"{what} did not come about") from None

    def settle(self) -> None:
        """Let the actor handle what is waiting."""

        async def turns() -> None:
            for _ in range(LOOP_ROUNDS):
                await asyncio.sleep(0)
            self._check()

        self._loop.run_until_complete(turns())

    def begin(self) -> None:
        """Start the actor and let it run."""
        self._failed = self._loop.run_until_complete(self._bind())
        self._loop.run_until_complete(self._start())
        if self.actor.state is ActorState.STARTING:
            self.actor.set_state(ActorState.READY)
        self._life = self._loop.create_task(self._run())

    def finish(self) -> None:
        """Stop the actor; raises what it raised."""

        async def end() -> None:
            if self._life is not None:
                self._life.cancel()
                await asyncio.gather(self._life, return_exceptions=True)
            await self.actor.cancel_tasks()
            await self.actor.stop()

        self._loop.run_until_complete(end())
        left = self._loop.run_until_complete(_left_running())
        assert not left, f"{self.actor.name} left tasks running: {left}"

    async def _bind(self) -> asyncio.Future[None]:
        self._loop.set_exception_handler(self._on_loop_exception)
        return self.actor.bind(self._on_publish)

    async def _start(self) -> None:
        await self.actor.start()
        # A heartbeat may come before anything else does.
        self.actor.measure()
        self.actor.open_own_session()

    async def _run(self) -> None:
        await self.actor.run()
        self.actor.set_state(ActorState.FINISHED)
        self._changed.set()

    def _on_publish(self, port: str, frame: Frame) -> None:
        allowed = self._outputs[port].types
        assert isinstance(frame, allowed), f"{port} carries {allowed}, not {frame!r}"
        now_ns = time.monotonic_ns()
        header = {"seq": self._seq[port], "sent_ns": now_ns, "origin_ns": frame.origin_ns or now_ns}
        self._seq[port] += 1
        self.sent[port].append(frame.model_copy(update=header))
        self._changed.set()

    def _on_loop_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and self._failed is not None and not self._failed.done():
            self.actor.fail_current(error)
            self._changed.set()
        else:
            loop.default_exception_handler(context)

    def _check(self) -> None:
        for future in (self._failed, self._life):
            if future is not None and future.done() and not future.cancelled():
                future.result()


async def _left_running() -> set[asyncio.Task[Any]]:
    """Return the tasks that wait for something; those that only need their turn get it.

    What the garbage collector finds may be of another test, and make a task here to close itself.
    """
    this = asyncio.current_task()
    for _ in range(LOOP_ROUNDS):
        left = {task for task in asyncio.all_tasks() if task is not this}
        if not left:
            break
        await asyncio.sleep(0)
    return left
