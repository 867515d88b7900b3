"""The life of one actor in its process: connect, start, be ready, run, stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from pipeline.actor import Actor, Options
from pipeline.bus import EndpointLock, Publisher
from pipeline.bus.context import new_context
from pipeline.bus.curve import CurveServer
from pipeline.bus.upkeep import EndpointUpkeep
from pipeline.errors import ConfigError
from pipeline.frames import ActorState, Frame, SessionEnded, TurnClosed
from pipeline.hosting.health_reporter import HealthReporter
from pipeline.hosting.heartbeat import Pulse
from pipeline.hosting.spec import ActorSpec
from pipeline.hosting.subscriptions import Subscriptions
from pipeline.ports import IMPLICIT_OUTPUTS
from pipeline.registry import find_actor
from pipeline.surroundings import Surroundings

PEERS_DEADLINE_S = 15.0
"""How long to wait for expected consumers: a crash loop of one must not hold up the rest.
Longer than the start-up of the slowest actor: speech models, 3 s, four times that on a Pi."""
SESSIONS_DEADLINE_S = 5.0
"""How long to wait for the supervisor to say which sessions are open: it takes milliseconds."""
CLOSING_S = 1.5
"""Of the time that the supervisor leaves it, what an actor needs to give everything back; the rest
is for what is under way."""
STOP_DEADLINE_S = 3.0
"""An actor that has not stopped by then is left to the supervisor's SIGKILL."""


class Host:
    """Runs one actor until it is told to stop, fails, or loses its endpoint.

    Args:
        spec: What the supervisor says of it.
        listening: Descriptors of the sockets that it listens on.
    """

    def __init__(self, spec: ActorSpec, listening: Sequence[int] = ()) -> None:
        self._spec = spec
        actor_class = find_actor(spec.use, spec.config_dir)
        try:
            options = actor_class.options_type.model_validate(spec.options)
            if spec.model_slowness > 1:
                options = options.at_pace(spec.model_slowness)
        except ValidationError as error:
            raise ConfigError(f"actors.{spec.name}.options: {error}") from error
        self.actor: Actor[Options] = actor_class(
            options,
            Surroundings(
                name=spec.name,
                session=spec.session,
                language=spec.language,
                runtime_dir=spec.runtime_dir,
                config_dir=spec.config_dir,
                state_dir=spec.state_dir,
                started_ns=spec.started_ns,
                callers_only=spec.callers_only,
                connected=frozenset(each.input_port for each in spec.connections),
                unheard=spec.unheard,
                checkpoint=spec.checkpoint,
                slowness=spec.slowness,
                listening=listening,
            ),
        )
        self._context = new_context()
        self._lock = EndpointLock(spec.runtime_dir, spec.name)
        self._publisher: Publisher | None = None
        self._stopping = asyncio.Event()
        self._failed: asyncio.Future[None] | None = None
        self._curve: CurveServer | None = None
        self._subscriptions = Subscriptions(
            spec, self.actor, self._context, self._on_session, self._on_turn_closed
        )

    async def run(self) -> None:
        """Run the actor; raises whatever it raised."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_exception)
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        heartbeat: asyncio.Task[None] | None = None
        self._lock.acquire()
        try:
            publisher = self._open_publisher()
            self._failed = self.actor.bind(publisher.publish, self._subscriptions.rest)
            pulse = Pulse(self._spec.heartbeat_s, self._spec.idle_heartbeat_s)
            upkeep = EndpointUpkeep(self._spec.runtime_dir, self._spec.name, self._lock, publisher)
            health = HealthReporter(self.actor, publisher, pulse, upkeep)
            heartbeat = loop.create_task(health.run())
            await self._until_stopped(self._live(publisher, health), heartbeat)
        finally:
            self.actor.set_state(ActorState.STOPPING)
            try:
                await asyncio.wait_for(self._close(heartbeat), STOP_DEADLINE_S)
            except TimeoutError:
                self.actor.log.warning(f"not all was given back within {STOP_DEADLINE_S:g} s")

    async def _live(self, publisher: Publisher, health: HealthReporter) -> None:
        """Start, get ready, work. Frames are only let in once the actor can take them."""
        await self.actor.start()
        health.has_started = True
        self.actor.open_own_session()
        # Those that are open must be known before what was retained of them comes.
        sessions = self._subscriptions.to_sessions()
        try:
            async with asyncio.timeout(SESSIONS_DEADLINE_S * self._spec.slowness):
                await sessions.connected()
        except TimeoutError:
            self.actor.log.warning("going on without having been told which sessions are open")
        awaited = self._subscriptions.to_producers()
        expected = {port: set(names) for port, names in self._spec.expected.items()}
        try:
            async with asyncio.timeout(PEERS_DEADLINE_S * self._spec.slowness):
                await publisher.wait_for(expected)
                await asyncio.gather(*(each.connected() for each in awaited))
        except TimeoutError:
            missing = {
                port: sorted(names - publisher.listeners(port)) for port, names in expected.items()
            }
            self.actor.log.warning("going on without peers", missing=missing)
        if self.actor.state is ActorState.STARTING:
            self.actor.set_state(ActorState.READY)
        health.publish()
        await self.actor.run()
        self.actor.set_state(ActorState.FINISHED)
        health.publish()
        await asyncio.Event().wait()

    async def _until_stopped(self, life: Any, heartbeat: asyncio.Task[None]) -> None:
        living = asyncio.ensure_future(life)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await self._first_of(living, stopping, heartbeat)
            await self._drain(living)
        finally:
            for task in (living, stopping):
                task.cancel()
            await asyncio.gather(living, stopping, return_exceptions=True)

    async def _drain(self, living: asyncio.Future[None]) -> None:
        """Finish what is under way, unless the actor fails over it."""
        if living.done() or self.actor.state is ActorState.STARTING:
            return
        draining = asyncio.ensure_future(self.actor.drain())
        try:
            await self._first_of(draining, living, within_s=self._spec.stop_deadline_s - CLOSING_S)
        finally:
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)

    async def _first_of(self, *works: asyncio.Future[Any], within_s: float | None = None) -> None:
        """Return when one is done or the time is over; raise what it, or the actor, failed by."""
        assert self._failed is not None
        done, _ = await asyncio.wait(
            {*works, self._failed}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        for each in done:
            each.result()

    def _open_publisher(self) -> Publisher:
        if self._spec.address.startswith("tcp:"):
            assert self._spec.keys_dir is not None  # `build_graph` refuses `bind` without it.
            self._curve = CurveServer(self._context, self._spec.keys_dir)
        self._publisher = Publisher(
            self._context,
            self._spec.address,
            {**self.actor.outputs, **IMPLICIT_OUTPUTS},
            high_water=self.actor.send_high_water,
            curve=self._curve,
        )
        return self._publisher

    def _on_session(self, _port: str, frame: Frame) -> None:
        self.actor.receive_session(frame)
        if isinstance(frame, SessionEnded) and self._publisher is not None:
            self._subscriptions.forget(frame.session)
            self._publisher.forget(frame.session)

    def _on_turn_closed(self, frame: TurnClosed) -> None:
        if self._publisher is not None:
            self._publisher.close_turn(frame.session, frame.turn)

    def _on_loop_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, failed = context.get("exception"), self._failed
        if error is None or failed is None:
            loop.default_exception_handler(context)
        elif not failed.done():
            self.actor.fail_current(error)
        elif repr(error) != repr(failed.exception()):
            # The same again, of the next block of sound, says nothing more.
            loop.default_exception_handler(context)

    async def _close(self, heartbeat: asyncio.Task[None] | None) -> None:
        self._subscriptions.close()
        await self.actor.cancel_tasks()
        await self.actor.stop()
        if heartbeat is not None:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)
        if self._publisher is not None:
            self._publisher.close()
        if self._curve is not None:
            self._curve.close()
        self._context.destroy(linger=0)
        self._lock.release()
