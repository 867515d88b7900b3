"""The life of one actor in its process: connect, start, be ready, run, stop."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import ValidationError

from pipeline.actor import Actor, Options
from pipeline.bus import EndpointLock, Inlet, Publisher, Subscriber
from pipeline.bus.context import new_context
from pipeline.bus.curve import CurveClient, CurveServer
from pipeline.bus.endpoint import ipc_address
from pipeline.bus.pace import SoundPace
from pipeline.bus.pacer import Pacer
from pipeline.bus.upkeep import EndpointUpkeep
from pipeline.errors import ConfigError
from pipeline.frames import ActorState, Frame, SessionEnded, TurnClosed
from pipeline.hosting.garbage_log import GarbageLog
from pipeline.hosting.health_reporter import HealthReporter
from pipeline.hosting.heartbeat import Pulse
from pipeline.hosting.spec import ActorSpec, InputConnection
from pipeline.ports import IMPLICIT_OUTPUTS, SESSIONS, SUPERVISOR, In
from pipeline.registry import find_actor
from pipeline.sessions.work import SESSIONS_PORT
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
        except ValidationError as error:
            raise ConfigError(f"actors.{spec.name}.options: {error}") from error
        self.actor: Actor[Options] = actor_class(
            options,
            Surroundings(
                name=spec.name,
                session=spec.session,
                runtime_dir=spec.runtime_dir,
                config_dir=spec.config_dir,
                state_dir=spec.state_dir,
                started_ns=spec.started_ns,
                callers_only=spec.callers_only,
                connected=frozenset(each.input_port for each in spec.connections),
                unheard=spec.unheard,
                checkpoint=spec.checkpoint,
                listening=listening,
            ),
        )
        self._context = new_context()
        self._lock = EndpointLock(spec.runtime_dir, spec.name)
        self._publisher: Publisher | None = None
        self._subscribers: list[Subscriber] = []
        self._awaited: list[Subscriber] = []
        self._alone: dict[str, Subscriber] = {}
        """By input port: what carries it, if that carries nothing else and nothing else does."""
        pace = SoundPace(spec.name, self.actor.inputs, self.actor.surroundings.connected)
        self._pacer = Pacer(pace, self.actor.receive)
        self._stopping = asyncio.Event()
        self._failed: asyncio.Future[None] | None = None
        self._subscriber = partial(
            Subscriber,
            self._context,
            consumer=spec.name,
            counters=self.actor.counters,
            on_garbage=GarbageLog(self.actor.log, self.actor.counters).add,
        )
        self._curve: CurveServer | None = None

    async def run(self) -> None:
        """Run the actor; raises whatever it raised."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._on_loop_exception)
        loop.add_signal_handler(signal.SIGTERM, self._stopping.set)
        heartbeat: asyncio.Task[None] | None = None
        self._lock.acquire()
        try:
            publisher = self._open_publisher()
            self._failed = self.actor.bind(publisher.publish, self._rest)
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
        sessions = self._subscribe_to_sessions()
        self._subscribers.append(sessions)
        try:
            async with asyncio.timeout(SESSIONS_DEADLINE_S):
                await sessions.connected()
        except TimeoutError:
            self.actor.log.warning("going on without having been told which sessions are open")
        self._connect()
        expected = {port: set(names) for port, names in self._spec.expected.items()}
        try:
            async with asyncio.timeout(PEERS_DEADLINE_S):
                await publisher.wait_for(expected)
                await asyncio.gather(*(each.connected() for each in self._awaited))
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

    def _rest(self, port: str, until_ns: int) -> None:
        if (subscriber := self._alone.get(port)) is not None:
            subscriber.rest_until(until_ns)

    def _on_session(self, _port: str, frame: Frame) -> None:
        self.actor.receive_session(frame)
        if isinstance(frame, SessionEnded) and self._publisher is not None:
            self._pacer.forget(frame.session)
            self._publisher.forget(frame.session)

    def _receive_turns(self, port: str, frame: Frame) -> None:
        if isinstance(frame, TurnClosed) and self._publisher is not None:
            self._publisher.close_turn(frame.session, frame.turn)
        self._pacer.receive(port, frame)

    def _subscribe_to_sessions(self) -> Subscriber:
        address = ipc_address(self._spec.runtime_dir, SUPERVISOR)
        inlet = Inlet(SESSIONS_PORT, In(SESSIONS.types, replay=True))
        return self._subscriber(address, {SESSIONS_PORT: inlet}, self._on_session)

    def _connect(self) -> None:
        by_address: dict[str, list[InputConnection]] = defaultdict(list)
        for each in self._spec.connections:
            by_address[each.address].append(each)
        wired = Counter(each.input_port for each in self._spec.connections)
        for address, connections in by_address.items():
            ports = {
                each.producer_port: Inlet(each.input_port, self.actor.inputs[each.input_port])
                for each in connections
            }
            producer = connections[0]
            tells_of_turns = any(TurnClosed in inlet.spec.types for inlet in ports.values())
            subscriber = self._subscriber(
                address,
                ports,
                self._receive_turns if tells_of_turns else self._pacer.receive,
                answers_replay=producer.answers_replay,
                curve=CurveClient.to(address, self._spec.keys_dir, producer.public_key),
            )
            self._subscribers.append(subscriber)
            if producer.awaited:
                self._awaited.append(subscriber)
            self._pacer.add(subscriber)
            if len(connections) == 1 and wired[producer.input_port] == 1:
                self._alone[producer.input_port] = subscriber

    def _on_loop_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error, failed = context.get("exception"), self._failed
        if error is not None and failed is not None and not failed.done():
            self.actor.fail_current(error)
        elif failed is None or repr(error) != repr(failed.exception()):
            # The same again, of the next block of sound, says nothing more.
            loop.default_exception_handler(context)

    async def _close(self, heartbeat: asyncio.Task[None] | None) -> None:
        self._pacer.close()
        for subscriber in self._subscribers:
            subscriber.close()
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
