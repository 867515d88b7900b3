"""The cassette for a backend, made from a recording of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.http.options import HttpOptions
from actors.backends.gemini.live.options import LiveOptions
from actors.recordings.cassette.http_script import http_script
from actors.recordings.cassette.live_script import live_script
from actors.recordings.cassette.recorded_frame import RecordedFrame, check, utterances
from actors.recordings.cassette.script_cursor import SERVER_FILE, ScriptCursor
from pipeline.actor import Options
from pipeline.errors import ConfigError
from pipeline.frames import Audio

if TYPE_CHECKING:
    from actors.recordings.cassette.server import Cassette

NEEDED = ("h11", "trustme")


def is_played_back(kind: type[Options]) -> bool:
    """Whether there is a cassette for actors with such options."""
    return issubclass(kind, (LiveOptions, HttpOptions))


def pointed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a backend that is to talk to the cassette."""
    return {**options, "server_file": SERVER_FILE, "base_url": None, "ca_file": None}


def cassette(
    name: str,
    options: Options,
    recorded: Sequence[RecordedFrame],
    sound: Iterable[Audio],
    *,
    pace: float,
    folder: Path,
) -> tuple[Cassette, Sequence[str]]:
    """Return a cassette, and a list of what it will be told that is not in the recording.

    Args:
        name: The actor.
        options: Its own; name the models.
        recorded: All it was sent and sent, but for the sound and pictures it was sent.
        sound: What it was sent on `audio`.
        pace: As for `reproduce`.
        folder: The runtime folder of the actor.

    Raises:
        GreenroomError: the recording, or what is installed, lacks what is needed.
    """
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        raise ConfigError(
            f"the service of {name} is played back by a server that needs {' and '.join(missing)}: "
            "install it with `pip install greenroom[record,simulator]`"
        )
    from actors.recordings.cassette.http_player import HttpPlayer
    from actors.recordings.cassette.server import Cassette

    said = utterances(recorded, sound)
    check(name, recorded, said)
    cursor = ScriptCursor(said, pace)
    if isinstance(options, HttpOptions):
        answers = http_script(recorded, options.tts_model)
        models = (options.model, options.tts_model)
        http = HttpPlayer(cursor, answers, models, options.tts_model)
        return Cassette(cursor, (), http, folder), cursor.strange
    assert isinstance(options, LiveOptions)
    http = HttpPlayer(cursor, {}, (options.model,), "")
    return Cassette(cursor, live_script(recorded), http, folder), cursor.strange
