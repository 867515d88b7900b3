"""What callers notice of rooms on Ray: `python -m benchmarks.scale_rooms [SCENARIO ...]`, as root.

A head and two nodes on this machine, in a network of their own; callers of `greenroom load` through
the HAProxy of Ray Serve. More rooms and fewer, another version, rooms and nodes killed.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Thread

import psutil
from rich.console import Console

from actors.cli.load.held_line import MOVED, SERVER
from actors.cli.load.load_outcome import TurnFate
from actors.cli.load.load_shown import shown_as_json
from benchmarks.crowd_moved import CrowdMoved
from benchmarks.figures import table_of
from benchmarks.namespace import in_own_network
from benchmarks.room_cluster import (
    RoomCluster,
    family,
    gone_s,
    is_there,
    room_cluster,
    shared_cluster,
)
from pipeline.quantile import quantile

CALLERS = 8
LENGTH_S = 25.0
ORPHAN_S = 1.0
"""In which nothing of a killed room may be left: the limit of the design."""
TAKEN_MS, FROZEN_MS = 300.0, 5000.0
"""Until the sound of a session is taken by another room, where one is killed or stands still."""
ANSWER_MS = 2000.0
"""From then until the answer to the turn in flight begins."""
TWO, ONE = "scale.rooms={least: 2, most: 2, cpus: 2}", "scale.rooms={least: 1, most: 1, cpus: 2}"


@dataclass
class Outcome:
    """What became of the callers.

    Attributes:
        crowd: They.
        gone_s: After the kill, until nothing of the room was there; None: something is.
        note: What else was seen.
        may_lose: How connections may be lost.
        taken_ms: In which the sound of those who lost theirs is to be taken by another room.
        problems: What is wrong besides.
    """

    crowd: CrowdMoved
    gone_s: float | None = 0.0
    note: str = ""
    may_lose: str = ""
    taken_ms: float = TAKEN_MS
    problems: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return what is wrong."""
        found, outcome = [*self.problems], self.crowd.outcome
        lost = outcome.asked[TurnFate.LOST] + outcome.asked[TurnFate.DISTURBED_LOST]
        if outcome.present < CALLERS:
            found.append(f"{outcome.present} of {CALLERS} callers were let in")
        if lost:
            found.append(f"{lost} turns lost")
        if outcome.answered_twice:
            found.append(f"{outcome.answered_twice} turns answered twice")
        if outcome.ended_by_server or set(outcome.lost_lines) - {self.may_lose}:
            found.append("calls cut")
        if outcome.not_back:
            found.append(f"{outcome.not_back} callers not back")
        if self.gone_s is None or self.gone_s > ORPHAN_S:
            found.append("processes left")
        return [*found, *self._late()]

    def _late(self) -> Iterator[str]:
        if self.may_lose != SERVER:
            return
        if max(self.crowd.taken_ms, default=0.0) > self.taken_ms:
            yield f"later than {self.taken_ms:g} ms in another room"
        # What is said is answered once its caller is in a room again.
        if max(self.crowd.answer_ms, default=0.0) > ANSWER_MS + self.taken_ms:
            yield f"answers later than {ANSWER_MS + self.taken_ms:g} ms"


def plain() -> Outcome:
    """Two rooms, nothing happens."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        spread: list[int] = []
        crowd = rooms.load(CALLERS, 10.0, lambda: spread.extend(rooms.calls().values()))
        outcome = Outcome(crowd, note=f"calls in each room: {sorted(spread)}")
        if 0 in spread or len(spread) != 2:
            outcome.problems.append("a room without calls")
        return outcome


def more() -> Outcome:
    """From one room to two while all talk."""
    with room_cluster() as rooms:
        rooms.deploy(ONE)
        took: list[float] = []

        def meanwhile() -> None:
            rooms.deploy(TWO)
            took.append(rooms.wait(lambda: len(rooms.calls()) == 2, "two rooms"))

        crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        return Outcome(crowd)


def fewer() -> Outcome:
    """From two rooms to one while people talk in both."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        spread: list[int] = []

        def meanwhile() -> None:
            spread.extend(rooms.calls().values())
            rooms.deploy(ONE)

        crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        outcome = Outcome(crowd)
        if 0 in spread or len(spread) != 2:
            outcome.problems.append(f"calls in each room: {spread}")
        down_s = rooms.wait(lambda: len(rooms.replicas()) == 1, "one room")
        outcome.note = f"the other room is gone {down_s:.1f} s after the last call"
        return outcome


def rolled() -> Outcome:
    """Both rooms replaced by those of a changed config while all talk."""
    # So that the new rooms have their place beside the old ones.
    with room_cluster(cpus=4) as rooms:
        rooms.deploy(TWO)
        old = {each.pid for each in rooms.replicas()}
        took = {}

        def meanwhile() -> None:
            rooms.deploy(TWO, "actors.gateway.options.ahead_ms=121")

        crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        took["rolled"] = rooms.wait(
            lambda: not old & {each.pid for each in rooms.replicas()}, "the old rooms are gone"
        )
        return Outcome(crowd, note=f"old rooms gone {took['rolled']:.1f} s after the last call")


def with_a_room(rooms: RoomCluster) -> psutil.Process:
    """Return the process of a node on which there is a room."""
    return rooms.nodes.raylet(rooms.nodes.working("ServeReplica"))


def killed(pick: Callable[[RoomCluster], psutil.Process], stop: signal.Signals) -> Outcome:
    """A process that a room depends on gets a signal while all talk."""
    with shared_cluster(cpus=4) as rooms:
        rooms.deploy(TWO)
        gone: list[float | None] = []

        def meanwhile() -> None:
            victim = pick(rooms)
            those = family(victim)
            rooms.note_event()
            victim.send_signal(stop)
            gone.append(gone_s(those))

        crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        again_s = rooms.wait(lambda: len(rooms.calls()) == 2, "two rooms again")
        note = f"two rooms again {again_s:.1f} s after the last call"
        return Outcome(crowd, gone[0], note, SERVER)


def frozen() -> Outcome:
    """A node stands still while all talk: all its processes are there, and none does anything."""
    with shared_cluster(cpus=4) as rooms:
        rooms.deploy(TWO)
        those: list[psutil.Process] = []

        def meanwhile() -> None:
            those.extend(family(with_a_room(rooms)))
            rooms.note_event()
            for each in those:
                each.suspend()

        try:
            crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        finally:
            for each in those:
                each.kill()
        again_s = rooms.wait(lambda: len(rooms.calls()) == 2, "two rooms again")
        note = f"two rooms again {again_s:.1f} s after the last call"
        return Outcome(crowd, gone_s(those), note, SERVER, FROZEN_MS)


def drained() -> Outcome:
    """One of two rooms emptied while all talk: another one is put in its place."""
    with shared_cluster("scale.rooms={least: 2, most: 3, cpus: 1}", cpus=2) as rooms:
        rooms.deploy()
        old = {each.pid for each in rooms.replicas()}
        took: list[float] = []

        def meanwhile() -> None:
            name = next(w for w in rooms.scale(options=["--status"]).split() if "gateway-" in w)
            rooms.scale(options=["--drain", name])
            rooms.note_event()
            took.append(rooms.wait(lambda: set(rooms.calls()) - old, "another room"))

        crowd = rooms.load(CALLERS, LENGTH_S, meanwhile)
        outcome = Outcome(crowd, may_lose=MOVED)
        rooms.wait(lambda: len(old & {each.pid for each in rooms.replicas()}) == 1, "it is gone")
        outcome.note = f"another room {took[0]:.1f} s after it was told"
        if outcome.crowd.outcome.lost_lines[MOVED] == 0:
            outcome.problems.append("nobody has moved")
        return outcome


def headless() -> Outcome:
    """The process that knows the cluster is killed while all talk, and then what is left of it."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        crowd = rooms.load(CALLERS, LENGTH_S, rooms.nodes.kill_gcs)
        those = family(rooms.nodes.head())
        outcome = Outcome(crowd, note="the rest of the head killed after the last call")
        if not any("haproxy" in each.name() for each in those):
            outcome.problems.append("no HAProxy on the head")
        named = {each: " ".join(each.cmdline())[:60] for each in those}
        those[0].kill()
        outcome.gone_s = gone_s(those, ORPHAN_S)
        outcome.problems += [f"left: {named[each]}" for each in those if is_there(each)]
        return outcome


def down() -> Outcome:
    """All rooms ended while all talk."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        shown = rooms.scale(TWO, options=["--status"])
        those = [each for replica in rooms.replicas() for each in family(replica)]
        told: list[str] = []
        ending = Thread(target=lambda: told.append(rooms.scale(TWO, options=["--down"])))
        crowd = rooms.load(CALLERS, LENGTH_S, ending.start)
        ended_s = gone_s(those)
        ending.join()
        outcome = Outcome(crowd, note=f"nothing left {ended_s or 0.0:.1f} s after the last call")
        if "2 rooms, 2 of them take callers" not in shown:
            outcome.problems.append(f"status: {shown}")
        if ended_s is None or "gateway: down" not in told[0]:
            outcome.problems.append(f"down: {told}")
        return outcome


SCENARIOS: dict[str, tuple[str, Callable[[], Outcome]]] = {
    "plain": ("nothing happens", plain),
    "more": ("a second room", more),
    "fewer": ("a room less", fewer),
    "rolled": ("another version", rolled),
    "room-killed": (
        "a room killed",
        lambda: killed(lambda rooms: rooms.replicas()[0], signal.SIGKILL),
    ),
    "node-killed": (
        "a node killed",
        lambda: killed(with_a_room, signal.SIGKILL),
    ),
    "node-frozen": ("a node frozen", frozen),
    "gcs-killed": ("the head's GCS killed", headless),
    "drained": ("a room emptied", drained),
    "down": ("all rooms ended", down),
}


def main() -> int:
    """Print the table; return 1 if anything is lost, cut, late or left."""
    in_own_network("benchmarks.scale_rooms")
    columns = (
        "callers",
        "said",
        "answered",
        "after a loss",
        "lost",
        "twice",
        "gaps",
        "longest, ms",
    )
    times = ("taken, ms p50 / max", "answer, ms p50 / max", "gone, s", "", "faults")
    table = table_of("what happens", *columns, *times)
    wrong = False
    for name in sys.argv[1:] or SCENARIOS:
        what, scenario = SCENARIOS[name]
        outcome = scenario()
        crowd, faults = outcome.crowd, outcome.faults()
        sys.stderr.write(f"{name}: {outcome.note}; {', '.join(faults) or 'none'}; ")
        sys.stderr.write(f"gone {outcome.gone_s}; left because {crowd.why}; ")
        sys.stderr.write(f"taken {crowd.taken_ms}, answers {crowd.answer_ms}; ")
        sys.stderr.write(f"{json.dumps(shown_as_json(crowd.outcome))}\n")
        wrong |= bool(faults)
        asked, gaps = crowd.outcome.asked, crowd.outcome.gap_ms
        numbers = (
            crowd.outcome.present,
            asked.total(),
            asked[TurnFate.ANSWERED],
            asked[TurnFate.DISTURBED_ANSWERED],
            asked[TurnFate.LOST] + asked[TurnFate.DISTURBED_LOST],
            crowd.outcome.answered_twice,
            len(gaps),
            round(max(gaps, default=0.0)),
        )
        table.add_row(
            what,
            *map(str, numbers),
            _spread(crowd.taken_ms),
            _spread(crowd.answer_ms),
            "-" if outcome.gone_s is None else f"{outcome.gone_s:.2f}",
            outcome.note,
            ", ".join(faults) or "none",
        )
    Console(width=190).print(table)
    return int(wrong)


def _spread(times_ms: Sequence[float]) -> str:
    return f"{quantile(times_ms, 0.5):.0f} / {max(times_ms):.0f}" if times_ms else "-"


if __name__ == "__main__":
    sys.exit(main())
