"""Test an actor by itself: send it frames, expect frames.

with stage(Vad, engine="energy") as vad:
    vad.send("audio", *blocks_of("question.wav"))
    started = vad.expect("speech", SpeechStarted)
    assert started.position == 4096
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pipeline.actor import Actor, Options
from pipeline.launch.listening import listen
from pipeline.port_check import check_handlers
from pipeline.surroundings import Surroundings
from pipeline.testing.harness import ActorHarness

OptionsT = TypeVar("OptionsT", bound=Options)


@contextmanager
def stage(
    actor_class: type[Actor[OptionsT]],
    *,
    checkpoint: Mapping[str, Any] | None = None,
    config_dir: Path | None = None,
    folder: Path | None = None,
    connected: Collection[str] | None = None,
    unheard: Collection[str] = (),
    **options: Any,
) -> Iterator[ActorHarness[OptionsT]]:
    """Start an actor for a test and stop it at the end, asserting that nothing is left of it.

    Args:
        actor_class: The actor.
        checkpoint: What a process before it last sent.
        config_dir: Folder of the config file.
        folder: Runtime and state folder, of an actor that goes on with what is in it; with it all
            stages are of one run. Default: a new one.
        connected: Input ports that the config connects; default: all.
        unheard: Output ports that no actor listens to.
        options: Of the actor.
    """
    check_handlers(actor_class)
    loop = asyncio.new_event_loop()
    known_options = actor_class.options_type.model_validate(options)
    sockets = [listen(host, port) for host, port in actor_class.listens_on(known_options)]
    with tempfile.TemporaryDirectory(prefix="stage-") as private:
        surroundings = Surroundings(
            name=actor_class.__name__.lower(),
            runtime_dir=folder or Path(private),
            config_dir=config_dir or Path.cwd(),
            state_dir=folder or Path(private),
            started_ns=time.monotonic_ns() if folder is None else 1,
            connected=frozenset(actor_class.inputs if connected is None else connected),
            unheard=frozenset(unheard),
            checkpoint=checkpoint or {},
            listening=[each.fileno() for each in sockets],
        )
        actor = actor_class(known_options, surroundings)  # type: ignore[arg-type]
        under_test = ActorHarness(actor, loop)
        try:
            under_test.begin()
            yield under_test
        finally:
            try:
                under_test.finish()
            finally:
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()
                for each in sockets:
                    each.close()
