"""Cells as tasks of Ray: what travels, and what is said where Ray cannot be used."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluated import DEMO, ROOT, SPEECH, cell

from actors.cli.evaluate import Wanted, evaluate_command
from actors.recordings.evaluation.cells import Background
from actors.recordings.evaluation.ray_recordings import SharedFiles
from actors.recordings.evaluation.ray_runner import lost
from actors.recordings.evaluation.recordings import find_recordings
from actors.recordings.evaluation.shipment import pack, unpack
from actors.scale import cluster
from actors.scale.cluster import require_ray
from actors.scale.identity import package_root
from pipeline.errors import GreenroomError

GO, CARDS = SPEECH / "goforward.wav", SPEECH / "cards-001.wav"


def wanted() -> Wanted:
    return Wanted([GO], [DEMO], [], [], [], None, 2.0)


def test_a_cell_is_the_same_cell_on_another_machine(tmp_path: Path) -> None:
    noise = find_recordings([CARDS])[0]
    background = Background(1.5, 10.0, noise)
    here = cell(GO, "actors.vad.options.engine=energy", background=background)
    sound, other = tmp_path / "sound", tmp_path / "noise"
    sound.write_bytes(GO.read_bytes())
    other.write_bytes(CARDS.read_bytes())
    there = unpack(pack(here, package_root()), sound, other, package_root())
    assert there.key == here.key
    assert there.group == here.group
    assert np.array_equal(there.microphone_samples(), here.microphone_samples())
    assert there.variant.as_json() == here.variant.as_json()


def test_paths_of_the_packages_follow_the_cell(tmp_path: Path) -> None:
    here = cell()
    shipment = pack(here, package_root())
    there = unpack(shipment, GO, None, "/elsewhere")
    assert there.variant.path == Path("/elsewhere") / DEMO.relative_to(ROOT)


def test_a_recording_is_sent_once_and_kept_while_a_cell_needs_it() -> None:
    sent: list[bytes] = []

    def put(content: bytes) -> int:
        sent.append(content)
        return len(sent)

    files = SharedFiles(put)
    go, cards = (find_recordings([each])[0] for each in (GO, CARDS))
    assert [files.take(go), files.take(cards), files.take(go)] == [1, 2, 1]
    files.release(go)
    assert len(files) == 2
    files.release(go)
    files.release(cards)
    assert len(files) == 0
    assert files.take(go) == 3
    assert sent == [GO.read_bytes(), CARDS.read_bytes(), GO.read_bytes()]


def test_a_recording_that_went_away_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.wav"
    path.write_bytes(GO.read_bytes())
    recorded = find_recordings([path])[0]
    path.unlink()
    with pytest.raises(GreenroomError, match=r"gone\.wav cannot be read"):
        SharedFiles(len).take(recorded)


def test_without_ray_the_command_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _name: None)
    with pytest.raises(GreenroomError, match=r"no Ray: pip install 'greenroom\[ray\]', here and"):
        evaluate_command(wanted(), tmp_path / "x.csv", None, None, "ray")
    assert not list(tmp_path.iterdir())


def test_ray_tells_its_makers_nothing_and_asks_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _name: True)
    monkeypatch.setattr(os, "environ", {})
    require_ray("ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert os.environ["RAY_AUTH_MODE"] == "token"


def test_a_cluster_that_is_not_there_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _name: True)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    # Bound and not listening: nobody else gets the port meanwhile.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(GreenroomError, match=rf"no cluster at 127\.0\.0\.1:{port} \("):
            evaluate_command(wanted(), tmp_path / "x.csv", None, None, f"ray:127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("first\n  the last line \n"), "RuntimeError: the last line"),
        (RuntimeError(), "RuntimeError: nothing is known of it"),
    ],
)
def test_a_cell_whose_node_was_lost_says_what_is_known(error: Exception, said: str) -> None:
    assert lost(error) == said


def importing_ray() -> list[str]:
    """Return the modules that import Ray, at the top of the file or in a function."""
    words = ("import ray", "from ray")
    return [
        path.relative_to(ROOT).as_posix()
        for package in ("actors", "pipeline")
        for path in (ROOT / package).rglob("*.py")
        if any(line.strip().startswith(words) for line in path.read_text().splitlines())
    ]


def test_nothing_but_what_runs_on_ray_imports_it() -> None:
    found = importing_ray()
    assert found
    allowed = ("actors/scale/", "actors/recordings/evaluation/ray_")
    assert [each for each in found if not each.startswith(allowed)] == []


@pytest.mark.ray
def test_a_sweep_on_ray_is_the_same_as_without() -> None:
    """On one machine, on three nodes, with one killed, with Control-C; takes 3 minutes."""
    done: Any = subprocess.run(
        [sys.executable, "-m", "benchmarks.sweep"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("equal") == 5
