"""Feeds one actor what it was fed in a recorded run, and collects what it makes of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from actors.recordings.cassette.stand_in import cassette, is_played_back, pointed
from actors.recordings.feeding import Feeder
from actors.recordings.inputs import Inputs
from actors.recordings.reader import Recording, frames
from actors.recordings.retiming import Retiming
from pipeline.actor import Actor, Options
from pipeline.config.load import explain
from pipeline.errors import ConfigError, GreenroomError, did_you_mean
from pipeline.frames import Frame, SessionOpened
from pipeline.registry import find_actor
from pipeline.sessions.work import SESSIONS_PORT
from pipeline.surroundings import Surroundings

STARTUP_NS = 5_000_000_000
"""Before the first input of a recording begun in mid-run: loading speech models takes 3 s."""
QUIET_S = 3.0
"""After the last input: without an output for so long, nothing more is coming. Longer than the
breathing space between the sentences of an answer. At the latest so long after the recording, or
after the last input if that came late."""
LOOK_S = 0.005
"""How soon what was held back is sent once its cause is there."""
SERVERS = {"server_file", "base_url"}
"""Options that name one."""

Outputs = dict[str, list[Frame]]
"""Frames by output port."""


class Reproduction(NamedTuple):
    """What an actor gave then, and what it gives now.

    Attributes:
        placed: It was sent sound, by whose positions its own may go; see `differences`.
        strange: What it said to its service and had not said in the recorded run, in words.
    """

    recorded: Outputs
    produced: Outputs
    placed: bool
    strange: Sequence[str]


def reproduce(
    recording: Recording,
    name: str,
    *,
    use: str | None = None,
    options: Mapping[str, Any] | None = None,
    pace: float = 1.0,
) -> Reproduction:
    """Run an actor alone on its recorded inputs.

    It runs in this process, with folders of its own, as it was configured in the recorded run; what
    it does besides sending frames, it does. The service of a backend is played back, unless
    `options` name a server.

    Args:
        recording: With the actor's inputs.
        name: The actor's name in the recorded config.
        use: Another actor to put in its place, as in a config.
        options: Laid over the recorded options.
        pace: 1 is the pace of the recording.

    Raises:
        GreenroomError: the recording has no such actor, or lacks what is needed.
    """
    actors = recording.config.get("actors", {})
    if name not in actors:
        raise GreenroomError(f"no actor {name!r} in the recorded run; {did_you_mean(name, actors)}")
    config = actors[name]
    folder = Path(recording.metadata["config_path"]).parent
    actor_class = find_actor(use or config["use"], folder)
    if actor_class.is_source:
        raise GreenroomError(
            f"{name} is a source: what it gives does not come from what it was sent; "
            "`greenroom replay` takes its place with what it gave"
        )
    fields = {**config["options"], **(options or {})}
    played = is_played_back(actor_class.options_type) and not SERVERS & (options or {}).keys()
    given = _options(actor_class, pointed(fields) if played else fields, name)
    fed = Inputs(recording, name, config["inputs"])
    recorded = _recorded(recording, name, [*actor_class.outputs, SESSIONS_PORT])
    started_ns = int(recording.metadata["started_ns"])
    first_ns = max(started_ns, fed.first_ns - STARTUP_NS)
    with tempfile.TemporaryDirectory(prefix="reproduce-") as private:
        runtime_dir = Path(private)
        strange: Sequence[str] = ()
        service: AbstractAsyncContextManager[Any] = nullcontext()
        if played:
            frames = fed.recorded(recording, actor_class.outputs)
            service, strange = cassette(
                name, given, frames, fed.sound(), pace=pace, folder=runtime_dir
            )
        timing = Retiming(first_ns, time.monotonic_ns(), pace)
        surroundings = Surroundings(
            name=name,
            session=recording.metadata["session"],
            runtime_dir=runtime_dir,
            config_dir=folder,
            state_dir=runtime_dir,
            started_ns=timing.time_ns(started_ns),
            connected=frozenset(config["inputs"]),
        )
        end_ns = timing.time_ns(recording.messages.span_ns[1]) + int(QUIET_S * 1e9)
        actor = actor_class(given, surroundings)
        produced = asyncio.run(_served(service, actor, fed, recorded, timing, end_ns))
    return Reproduction(recorded, produced, fed.sounding, strange)


def _options(actor_class: type[Actor[Options]], fields: Mapping[str, Any], name: str) -> Options:
    try:
        return actor_class.options_type.model_validate(fields)
    except ValidationError as error:
        kind = actor_class.options_type
        raise ConfigError(explain(error, kind, f"actors.{name}.options")) from error


def _recorded(recording: Recording, name: str, ports: Iterable[str]) -> Outputs:
    found: Outputs = {port: [] for port in ports}
    own = recording.messages.only(lambda each: each.actor == name and each.port in found)
    for message, frame in frames(own):
        found[message.port].append(frame)
    return found


async def _served(
    service: AbstractAsyncContextManager[Any],
    actor: Actor[Options],
    fed: Inputs,
    recorded: Outputs,
    timing: Retiming,
    end_ns: int,
) -> Outputs:
    async with service:
        return await _run(actor, fed, recorded, timing, end_ns)


async def _run(
    actor: Actor[Options], fed: Inputs, recorded: Outputs, timing: Retiming, end_ns: int
) -> Outputs:
    def deliver(port: str, frame: Frame) -> None:
        if port == SESSIONS_PORT:
            actor.receive_session(frame)
        else:
            actor.receive(port, frame)

    produced: Outputs = {port: [] for port in recorded}
    feeder = Feeder(actor.name, chain.from_iterable(recorded.values()), deliver)
    last_s = time.monotonic()

    def publish(port: str, frame: Frame) -> None:
        nonlocal last_s
        last_s = time.monotonic()
        produced[port].append(frame)
        feeder.gave(frame)

    failed = actor.bind(publish)
    life: asyncio.Future[None] | None = None

    async def until(at_s: float) -> None:
        while (wait_s := at_s - time.monotonic()) > 0:
            await asyncio.sleep(min(wait_s, LOOK_S))
            feeder.flush(time.monotonic())
            _raise_if_failed(failed, life)

    try:
        await actor.start()
        actor.open_own_session()
        life = asyncio.ensure_future(actor.run())
        for each in fed.with_sessions():
            await until(timing.time_ns(each.sent_ns) / 1e9)
            # Also one that is late lets the actor work in between.
            await asyncio.sleep(0)
            _raise_if_failed(failed, life)
            if each.frame.session not in fed.opened:
                # Of a recording without the sessions' stream, or of before there was one.
                actor.receive_session(SessionOpened(session=each.frame.session))
            feeder.feed(each.port, timing.frame(each.frame), time.monotonic())
        last_s = max(last_s, time.monotonic())
        end_s = max(time.monotonic() + QUIET_S, end_ns / 1e9)
        while (quiet_s := min(last_s + QUIET_S, end_s)) > time.monotonic():
            await until(quiet_s)
    finally:
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        await actor.cancel_tasks()
        await actor.stop()
    return produced


def _raise_if_failed(*futures: asyncio.Future[None] | None) -> None:
    for each in futures:
        if each is not None and each.done():
            each.result()
