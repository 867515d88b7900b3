"""Feeds one actor what it was fed in a recorded run, and collects what it makes of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from actors.recorder.reader import Recording, frames
from actors.recorder.retiming import Retiming
from pipeline.actor import Actor, Options, Surroundings
from pipeline.config.load import explain
from pipeline.errors import ConfigError, GreenroomError, did_you_mean
from pipeline.frames import Frame
from pipeline.ports import StreamRef
from pipeline.registry import find_actor

STARTUP_NS = 5_000_000_000
"""Before the first input of a recording begun in mid-run: loading speech models takes 3 s."""
QUIET_S = 3.0
"""After the last input: without an output for so long, nothing more is coming. Longer than the
breathing space between the sentences of an answer. At the latest so long after the recording."""

Outputs = dict[str, list[Frame]]
"""Frames by output port."""


class Fed(NamedTuple):
    """A frame on its way in."""

    sent_ns: int
    port: str
    frame: Frame


def reproduce(
    recording: Recording,
    name: str,
    *,
    use: str | None = None,
    options: Mapping[str, Any] | None = None,
    pace: float = 1.0,
) -> tuple[Outputs, Outputs]:
    """Run an actor alone on its recorded inputs; return what it gave then, and what it gives now.

    It runs in this process, with folders of its own, as it was configured in the recorded run; what
    it does besides sending frames, it does.

    Args:
        recording: With the actor's inputs.
        name: The actor's name in the recorded config.
        use: Another actor to put in its place, as in a config.
        options: Laid over the recorded options.
        pace: 1 is the pace of the recording.

    Raises:
        GreenroomError: the recording has no such actor, or no inputs of it.
    """
    actors = recording.config.get("actors", {})
    if name not in actors:
        raise GreenroomError(f"no actor {name!r} in the recorded run; {did_you_mean(name, actors)}")
    config = actors[name]
    folder = Path(recording.metadata["config_path"]).parent
    actor_class = find_actor(use or config["use"], folder)
    given = _options(actor_class, {**config["options"], **(options or {})}, name)
    fed = _Inputs(recording, name, config["inputs"])
    started_ns = int(recording.metadata["started_ns"])
    first_ns = max(started_ns, fed.first_ns - STARTUP_NS)
    timing = Retiming(first_ns, time.monotonic_ns(), pace)
    with tempfile.TemporaryDirectory(prefix="reproduce-") as private:
        surroundings = Surroundings(
            name=name,
            session=recording.metadata["session"],
            runtime_dir=Path(private),
            config_dir=folder,
            state_dir=Path(private),
            started_ns=timing.time_ns(started_ns),
            connected=frozenset(config["inputs"]),
        )
        end_ns = timing.time_ns(recording.messages.span_ns[1]) + int(QUIET_S * 1e9)
        produced = asyncio.run(_run(actor_class(given, surroundings), fed, timing, end_ns))
    return _recorded(recording, name, produced), produced


def _options(actor_class: type[Actor[Options]], fields: Mapping[str, Any], name: str) -> Options:
    try:
        return actor_class.options_type.model_validate(fields)
    except ValidationError as error:
        kind = actor_class.options_type
        raise ConfigError(explain(error, kind, f"actors.{name}.options")) from error


class _Inputs:
    """What an actor was sent, read each time it is gone through.

    Raises:
        GreenroomError: it was sent nothing.
    """

    def __init__(
        self, recording: Recording, name: str, wires: Mapping[str, str | list[str]]
    ) -> None:
        self._ports: dict[tuple[str, str], str] = {}
        for port, streams in wires.items():
            for text in [streams] if isinstance(streams, str) else streams:
                ref = StreamRef.parse(text)
                self._ports[ref.actor, ref.port] = port
        self._messages = recording.messages.only(
            lambda each: (each.actor, each.port) in self._ports
        )
        first = next(iter(self), None)
        if first is None:
            sent = sorted(f"{actor}.{port}" for actor, port in self._ports)
            listened = f"it listened to {', '.join(sent)}" if sent else "it listens to nobody"
            raise GreenroomError(f"the recording has nothing that {name} was sent: {listened}")
        self.first_ns = first.sent_ns

    def __iter__(self) -> Iterator[Fed]:
        for message, frame in frames(self._messages):
            yield Fed(message.sent_ns, self._ports[message.actor, message.port], frame)


def _recorded(recording: Recording, name: str, produced: Outputs) -> Outputs:
    found: Outputs = {port: [] for port in produced}
    own = recording.messages.only(lambda each: each.actor == name and each.port in found)
    for message, frame in frames(own):
        found[message.port].append(frame)
    return found


async def _run(actor: Actor[Options], fed: Iterable[Fed], timing: Retiming, end_ns: int) -> Outputs:
    produced: Outputs = {port: [] for port in actor.outputs}
    last_s = time.monotonic()

    def publish(port: str, frame: Frame) -> None:
        nonlocal last_s
        last_s = time.monotonic()
        produced[port].append(frame)

    failed = actor.bind(publish)
    life: asyncio.Future[None] | None = None
    try:
        await actor.start()
        life = asyncio.ensure_future(actor.run())
        for each in fed:
            wait_s = (timing.time_ns(each.sent_ns) - time.monotonic_ns()) / 1e9
            await asyncio.sleep(max(0.0, wait_s))
            _raise_if_failed(failed, life)
            actor.receive(each.port, timing.frame(each.frame))
        last_s = max(last_s, time.monotonic())
        while time.monotonic() - last_s < QUIET_S and time.monotonic_ns() < end_ns:
            await asyncio.sleep(0.05)
            _raise_if_failed(failed, life)
    finally:
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        await actor.cancel_tasks()
        await actor.stop()
    return produced


def _raise_if_failed(*futures: asyncio.Future[None]) -> None:
    for each in futures:
        if each.done():
            each.result()
