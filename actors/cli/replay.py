"""`greenroom replay`: be actors of a recorded run, for as long as the recording lasts."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from actors.cli.keypress import Keypress
from actors.cli.listeners import LINGER_MS, require_all, wait_for_listeners
from actors.cli.stepping import Stepping, steps_of
from actors.recordings.reader import RecordedMessages, Recording, frames, read_recording
from actors.recordings.retiming import Retiming, ended
from actors.recordings.stepping import Steps
from pipeline.bus import EndpointLock, Publisher
from pipeline.bus.context import new_context
from pipeline.cli.running import find_runtime_dir, newest_status
from pipeline.config.description import Description, read_description
from pipeline.config.graph import SUPERVISOR
from pipeline.errors import EndpointBusyError, GreenroomError, did_you_mean
from pipeline.frames import FRAME_TYPES, ActorState, Frame, Health
from pipeline.ports import IMPLICIT_OUTPUTS
from pipeline.registry import find_actor
from pipeline.sessions.work import SESSIONS_PORT

HEARTBEAT_S = 0.25
"""As any actor sends."""
LEAD_NS = 50_000_000
"""From the last listener to the first frame: the first is not late."""

Cue = tuple[int, str, str, Frame]
"""When it was sent in the recorded run, actor, port, frame."""


def replay_command(
    files: Sequence[Path],
    actors: Collection[str],
    pipeline: str | None,
    pace: float,
    stepping: Stepping,
    session: str | None = None,
) -> None:
    """Publish what `actors` sent in the recorded run, in the place of those actors.

    Args:
        files: The recording.
        actors: Names; none: all that the pipeline was started without and the recording has.
        pipeline: Which running pipeline.
        pace: 1 is real time.
        stepping: At the pace of whoever presses Enter.
        session: Only what they sent of it; None: of all.

    Raises:
        GreenroomError: no such recording, pipeline, actor or stream, the actor runs already, or
            nobody listens.
    """
    recording = read_recording(files)
    if session is not None:
        recording = recording.of_session(session)
    runtime_dir = find_runtime_dir(pipeline)
    description = read_description(runtime_dir)
    chosen = _chosen(recording, actors, runtime_dir)
    _check(recording, description, chosen)
    with ExitStack() as locks:
        for actor in chosen:
            try:
                locks.enter_context(EndpointLock(runtime_dir, actor))
            except EndpointBusyError as error:
                raise GreenroomError(
                    f"{actor} runs in this pipeline: start it with --external {actor}"
                ) from error
        replay = ReplaySender(recording, description, chosen, pace, runtime_dir)
        asyncio.run(replay.run(steps_of(recording, chosen, stepping)))


def _chosen(recording: Recording, actors: Collection[str], runtime_dir: Path) -> list[str]:
    recorded = recording.actors()
    for actor in actors:
        if actor not in recorded:
            hint = did_you_mean(actor, recorded)
            raise GreenroomError(f"there is nothing of {actor!r} in the recording; {hint}")
    if actors:
        return list(dict.fromkeys(actors))
    status = newest_status(runtime_dir)
    external = [each.actor for each in status.actors if each.phase == "external"]
    found = [each for each in external if each in recorded]
    if not found:
        raise GreenroomError(
            "no recorded actor has been left out of this pipeline: start it with `run --external` "
            f"and one of {', '.join(sorted(recorded.keys() - {SUPERVISOR}))}"
        )
    return found


def _check(recording: Recording, description: Description, actors: Sequence[str]) -> None:
    session = recording.metadata["session"]
    sent = recording.messages.only(lambda each: each.actor in actors and each.port != "health")
    if session != description.session and session in sent.sessions:
        # Turns are named after the session: they would not be the same.
        raise GreenroomError(
            f"the recording is of session {session!r}, this pipeline is of "
            f"{description.session!r}: start it with --set session={session}"
        )
    for actor in actors:
        if actor not in description.endpoints:
            hint = did_you_mean(actor, description.endpoints)
            raise GreenroomError(f"this pipeline has no actor {actor!r}; {hint}")
        if not description.endpoints[actor].address.startswith("ipc:"):
            raise GreenroomError(f"{actor} publishes on the network: only local ones are replayed")


class ReplaySender:
    """Stands in for actors: their streams with new times, and a heartbeat for each."""

    def __init__(
        self,
        recording: Recording,
        description: Description,
        actors: Sequence[str],
        pace: float,
        runtime_dir: Path,
    ) -> None:
        self._description = description
        self._runtime_dir = runtime_dir
        self._actors = actors
        self._pace = pace
        self._context = new_context()
        self._publishers: dict[str, Publisher] = {}
        # Actor files define frame types of their own: they have to be known to read them.
        folder = Path(description.config_path).parent
        uses = {name: each["use"] for name, each in description.config["actors"].items()}
        self._classes = {actor: find_actor(uses[actor], folder) for actor in actors}
        # With the sessions that they opened and ended, without which nobody takes their frames.
        ports = {actor: {*each.outputs, SESSIONS_PORT} for actor, each in self._classes.items()}
        self._messages = recording.messages.only(
            lambda each: each.port in ports.get(each.actor, ()) and each.type in FRAME_TYPES
        )
        if next(_cues(self._messages), None) is None:
            raise GreenroomError(
                f"nothing of {' and '.join(actors)} in the recording can be replayed"
            )

    async def run(self, steps: Steps | None = None) -> None:
        """Publish everything, at once or step by step.

        Raises:
            GreenroomError: nobody listens.
        """
        try:
            for actor, actor_class in self._classes.items():
                ports = {**actor_class.outputs, **IMPLICIT_OUTPUTS}
                address = self._description.endpoints[actor].address
                self._publishers[actor] = Publisher(self._context, address, ports, high_water=4000)
            beating = asyncio.create_task(self._beat())
            try:
                await self._wait_for_listeners()
                if steps is None:
                    await self._play(Steps(), None)
                else:
                    async with Keypress() as keypress:
                        await self._play(steps, keypress)
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
            self._publish_health(ActorState.FINISHED)
        finally:
            for publisher in self._publishers.values():
                publisher.close(linger_ms=LINGER_MS)
            self._context.destroy(linger=LINGER_MS)

    async def _wait_for_listeners(self) -> None:
        expected = {actor: self._expected(actor) for actor in self._publishers}
        require_all(await wait_for_listeners(self._publishers, expected, self._runtime_dir))

    async def _play(self, steps: Steps, keypress: Keypress | None) -> None:
        first_ns, last_ns = self._messages.span_ns
        timing = Retiming(first_ns, time.monotonic_ns() + LEAD_NS, self._pace)
        count = 0
        for sent_ns, actor, port, frame in _cues(self._messages):
            step = steps.due(sent_ns, actor, port)
            if step is not None and keypress is not None:
                waited = await keypress.wait(step.name)
                if waited:
                    timing = Retiming(step.at_ns, time.monotonic_ns(), self._pace)
            wait_s = (timing.time_ns(sent_ns) - time.monotonic_ns()) / 1e9
            await asyncio.sleep(max(0.0, wait_s))
            self._publishers[actor].publish(port, timing.frame(frame))
            count += 1
        lasted_s = (last_ns - first_ns) / 1e9
        print(f"{' and '.join(self._actors)}: {count} frames, {lasted_s:.1f} s")  # noqa: T201

    async def _beat(self) -> None:
        while True:
            self._publish_health(ActorState.READY)
            await asyncio.sleep(HEARTBEAT_S)

    def _publish_health(self, state: ActorState) -> None:
        for actor, publisher in self._publishers.items():
            health = Health(
                session=self._description.session, actor=actor, pid=os.getpid(), state=state
            )
            publisher.publish("health", health)

    def _expected(self, actor: str) -> dict[str, set[str]]:
        streams = (each for each in self._description.streams if each.actor == actor)
        return {each.port: set(each.consumers) for each in streams}


def _cues(messages: RecordedMessages) -> Iterator[Cue]:
    """Read what is sent, the last frame of each stream marked as such."""
    lasts: dict[tuple[str, str], int] = {}
    for channel, at in messages.lasts().items():
        stream = (channel.actor, channel.port)
        lasts[stream] = max(at, lasts.get(stream, 0))
    ends = {messages[at] for at in lasts.values()}
    for message, frame in frames(messages):
        sent = ended(frame) if message in ends else frame
        yield message.sent_ns, message.actor, message.port, sent
