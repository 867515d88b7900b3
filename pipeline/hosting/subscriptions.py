"""What an actor's process hears: its sockets to the supervisor and to those it listens to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import zmq

from pipeline.actor import Actor
from pipeline.bus import Inlet, Subscriber
from pipeline.bus.curve import CurveClient
from pipeline.bus.endpoint import ipc_address
from pipeline.bus.pace import SoundPace
from pipeline.bus.pacer import Pacer
from pipeline.frames import Frame, TurnClosed
from pipeline.hosting.garbage_log import GarbageLog
from pipeline.hosting.spec import ActorSpec, InputConnection
from pipeline.ports import SESSIONS, SUPERVISOR, In
from pipeline.sessions.work import SESSIONS_PORT


class Subscriptions:
    """Makes them, and hands what comes on them to the actor.

    Args:
        spec: What the supervisor says of the actor.
        actor: Takes the frames.
        context: Where the sockets belong.
        on_session: Takes what the supervisor says of sessions.
        on_turn_closed: Told of each turn that is closed, before the actor is.
    """

    def __init__(
        self,
        spec: ActorSpec,
        actor: Actor[Any],
        context: zmq.Context[zmq.Socket[bytes]],
        on_session: Callable[[str, Frame], None],
        on_turn_closed: Callable[[TurnClosed], None],
    ) -> None:
        self._spec = spec
        self._inputs = actor.inputs
        self._on_session = on_session
        self._on_turn_closed = on_turn_closed
        self._subscribers: list[Subscriber] = []
        self._alone: dict[str, Subscriber] = {}
        """By input port: what carries it, if that carries nothing else and nothing else does."""
        pace = SoundPace(spec.name, actor.inputs, actor.surroundings.connected)
        self._pacer = Pacer(pace, actor.receive)
        self._subscriber = partial(
            Subscriber,
            context,
            consumer=spec.name,
            counters=actor.counters,
            on_garbage=GarbageLog(actor.log, actor.counters).add,
        )

    def to_sessions(self) -> Subscriber:
        """Connect to the supervisor, which says what sessions there are."""
        address = ipc_address(self._spec.runtime_dir, SUPERVISOR)
        inlet = Inlet(SESSIONS_PORT, In(SESSIONS.types, replay=True))
        subscriber = self._subscriber(address, {SESSIONS_PORT: inlet}, self._on_session)
        self._subscribers.append(subscriber)
        return subscriber

    def to_producers(self) -> Sequence[Subscriber]:
        """Connect to all that the config connects; return those to be waited for."""
        awaited: list[Subscriber] = []
        by_address: dict[str, list[InputConnection]] = defaultdict(list)
        for each in self._spec.connections:
            by_address[each.address].append(each)
        wired = Counter(each.input_port for each in self._spec.connections)
        for address, connections in by_address.items():
            ports = {
                each.producer_port: Inlet(each.input_port, self._inputs[each.input_port])
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
                awaited.append(subscriber)
            self._pacer.add(subscriber)
            if len(connections) == 1 and wired[producer.input_port] == 1:
                self._alone[producer.input_port] = subscriber
        return awaited

    def rest(self, port: str, until_ns: int) -> None:
        """Let the frames of an input port wait until a monotonic time, if that delays no others."""
        if (subscriber := self._alone.get(port)) is not None:
            subscriber.rest_until(until_ns)

    def forget(self, session: str) -> None:
        """A session has ended."""
        self._pacer.forget(session)

    def close(self) -> None:
        """Disconnect."""
        self._pacer.close()
        for subscriber in self._subscribers:
            subscriber.close()

    def _receive_turns(self, port: str, frame: Frame) -> None:
        if isinstance(frame, TurnClosed):
            self._on_turn_closed(frame)
        self._pacer.receive(port, frame)
