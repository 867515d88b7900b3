"""Actors in one process, with the bus between them: what passes through them can be followed."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import zmq

from actors.backends.gemini.live.options import LiveOptions
from pipeline.actor import Actor
from pipeline.bus import Inlet, Publisher, Subscriber
from pipeline.bus.pace import SoundPace
from pipeline.bus.pacer import Pacer
from pipeline.surroundings import Surroundings
from pipeline.testing import ActorHarness

ActorT = TypeVar("ActorT", bound=Actor[Any])
ResultT = TypeVar("ResultT")


class Room:
    """`live` and its neighbours in one process, with the bus between them."""

    def __init__(self, live: ActorHarness[LiveOptions], folder: Path) -> None:
        self.live = live
        self._folder = folder
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._open: list[Publisher | Subscriber] = []
        self._actors: list[Actor[Any]] = []

    def start(self, actor_class: type[ActorT], name: str) -> ActorT:
        """Let another actor work, with its default options."""
        folder = self._folder
        surroundings = Surroundings(name, folder, folder, folder, started_ns=time.monotonic_ns())
        actor = actor_class(actor_class.options_type(), surroundings)
        self._actors.append(actor)
        self._do(self._start(actor))
        return actor

    def connect(self, producer: Actor[Any], consumer: Actor[Any], *ports: str) -> None:
        self._do(self._connect(producer, consumer, ports))

    def close(self) -> None:
        for each in self._open:
            each.close()
        for actor in self._actors:
            self._do(actor.stop())
        self._context.destroy(linger=0)

    async def _start(self, actor: Actor[Any]) -> None:
        actor.bind(self._publisher(actor).publish)
        await actor.start()
        actor.open_own_session()

    async def _connect(
        self, producer: Actor[Any], consumer: Actor[Any], ports: tuple[str, ...]
    ) -> None:
        if producer is self.live.actor:
            self.live.actor._publish = self._publisher(producer).publish
        pacer = Pacer(SoundPace(consumer.name, consumer.inputs, frozenset(ports)), consumer.receive)
        subscriber = Subscriber(
            self._context,
            self._address(producer),
            {port: Inlet(port, consumer.inputs[port]) for port in ports},
            pacer.receive,
            consumer=consumer.name,
            counters=consumer.counters,
            on_garbage=lambda port, problem: pytest.fail(f"{port}: {problem}"),
        )
        self._open.append(subscriber)
        await subscriber.connected()

    def _publisher(self, actor: Actor[Any]) -> Publisher:
        publisher = Publisher(self._context, self._address(actor), actor.outputs, high_water=1000)
        self._open.append(publisher)
        return publisher

    def _address(self, actor: Actor[Any]) -> str:
        return f"ipc://{self._folder}/{actor.name}"

    def _do(self, work: Awaitable[ResultT]) -> ResultT:
        return self.live._loop.run_until_complete(work)
