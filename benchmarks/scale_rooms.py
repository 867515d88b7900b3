"""What callers notice of rooms on Ray: `python -m benchmarks.scale_rooms [SCENARIO ...]`, as root.

A head and two nodes on this machine, in a network of their own; callers of `greenroom load` through
the HAProxy of Ray Serve. More rooms and fewer, another version, rooms and nodes killed.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import psutil
from rich.console import Console

from benchmarks.figures import table_of
from benchmarks.namespace import in_own_network
from benchmarks.room_cluster import (
    RoomCluster,
    family,
    gone_s,
    room_cluster,
    shared_cluster,
)

CALLERS = 8
LENGTH_S = 25.0
ORPHAN_S = 1.0
"""In which nothing of a killed room may be left: the limit of the design."""
TWO, ONE = "scale.rooms={least: 2, most: 2, cpus: 2}", "scale.rooms={least: 1, most: 1, cpus: 2}"


@dataclass
class Outcome:
    """What became of the callers.

    Attributes:
        figures: As `greenroom load --json` has them.
        gone_s: After the kill, until nothing of the room was there; None: something is.
        note: What else was seen.
        cut: Connections may be lost.
        problems: What is wrong besides.
    """

    figures: dict[str, Any]
    gone_s: float | None = 0.0
    note: str = ""
    cut: bool = False
    problems: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return what is wrong."""
        found, turns = [*self.problems], self.figures["turns"]
        if self.figures["present"] < CALLERS:
            found.append(f"{self.figures['present']} of {CALLERS} callers were let in")
        if turns["lost"] or turns["disturbed_lost"]:
            found.append(f"{turns['lost'] + turns['disturbed_lost']} turns lost")
        if self.figures["answered_twice"]:
            found.append(f"{self.figures['answered_twice']} turns answered twice")
        if not self.cut and (self.figures["lost_connections"] or self.figures["ended_by_server"]):
            found.append("calls cut")
        if self.figures["not_back"]:
            found.append(f"{self.figures['not_back']} callers not back")
        if self.gone_s is None or self.gone_s > ORPHAN_S:
            found.append("processes left")
        return found


def plain() -> Outcome:
    """Two rooms, nothing happens."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        spread: list[int] = []
        figures = rooms.load(CALLERS, 10.0, lambda: spread.extend(rooms.calls().values()))
        outcome = Outcome(figures, note=f"calls in each room: {sorted(spread)}")
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

        figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        return Outcome(figures)


def fewer() -> Outcome:
    """From two rooms to one while people talk in both."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        spread: list[int] = []

        def meanwhile() -> None:
            spread.extend(rooms.calls().values())
            rooms.deploy(ONE)

        figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        outcome = Outcome(figures)
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

        figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        took["rolled"] = rooms.wait(
            lambda: not old & {each.pid for each in rooms.replicas()}, "the old rooms are gone"
        )
        return Outcome(figures, note=f"old rooms gone {took['rolled']:.1f} s after the last call")


def with_a_room(rooms: RoomCluster) -> psutil.Process:
    """Return the process of a node on which there is a room."""
    return rooms.nodes.raylet(rooms.nodes.working("ServeReplica"))


def killed(pick: Callable[[RoomCluster], psutil.Process], stop: signal.Signals) -> Outcome:
    """A process that a room depends on gets a signal while all talk."""
    with shared_cluster(cpus=4) as rooms:
        rooms.deploy(TWO)
        outcome = Outcome({}, cut=True)

        def meanwhile() -> None:
            victim = pick(rooms)
            those = family(victim)
            victim.send_signal(stop)
            outcome.gone_s = gone_s(those)

        outcome.figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        again_s = rooms.wait(lambda: len(rooms.calls()) == 2, "two rooms again")
        outcome.note = f"two rooms again {again_s:.1f} s after the last call"
        return outcome


def frozen() -> Outcome:
    """A node stands still while all talk: all its processes are there, and none does anything."""
    with shared_cluster(cpus=4) as rooms:
        rooms.deploy(TWO)
        those: list[psutil.Process] = []

        def meanwhile() -> None:
            those.extend(family(with_a_room(rooms)))
            for each in those:
                each.suspend()

        try:
            figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        finally:
            for each in those:
                each.kill()
        again_s = rooms.wait(lambda: len(rooms.calls()) == 2, "two rooms again")
        note = f"two rooms again {again_s:.1f} s after the last call"
        return Outcome(figures, gone_s(those), note, cut=True)


def drained() -> Outcome:
    """One of two rooms emptied while all talk: another one is put in its place."""
    with shared_cluster("scale.rooms={least: 2, most: 3, cpus: 1}", cpus=2) as rooms:
        rooms.deploy()
        old = {each.pid for each in rooms.replicas()}
        took: list[float] = []

        def meanwhile() -> None:
            name = next(w for w in rooms.scale(options=["--status"]).split() if "gateway-" in w)
            rooms.scale(options=["--drain", name])
            took.append(rooms.wait(lambda: len(rooms.calls()) == 3, "a third room"))

        figures = rooms.load(CALLERS, LENGTH_S, meanwhile)
        outcome = Outcome(figures)
        rooms.wait(lambda: len(old & {each.pid for each in rooms.replicas()}) == 1, "it is gone")
        outcome.note = f"another room {took[0]:.1f} s after it was told"
        return outcome


def headless() -> Outcome:
    """The process that knows the cluster is killed while all talk."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        figures = rooms.load(CALLERS, LENGTH_S, rooms.nodes.kill_gcs)
        return Outcome(figures)


def down() -> Outcome:
    """All rooms ended while all talk."""
    with room_cluster() as rooms:
        rooms.deploy(TWO)
        shown = rooms.scale(TWO, options=["--status"])
        those = [each for replica in rooms.replicas() for each in family(replica)]
        told: list[str] = []
        ending = Thread(target=lambda: told.append(rooms.scale(TWO, options=["--down"])))
        figures = rooms.load(CALLERS, LENGTH_S, ending.start)
        ended_s = gone_s(those)
        ending.join()
        outcome = Outcome(figures, note=f"nothing left {ended_s or 0.0:.1f} s after the last call")
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
    """Print the table; return 1 if anything is lost, cut or left."""
    in_own_network("benchmarks.scale_rooms")
    columns = ("callers", "said; answered", "after a loss", "back, ms", "gone, s", "", "faults")
    table = table_of("what happens", *columns)
    wrong = False
    for name in sys.argv[1:] or SCENARIOS:
        what, scenario = SCENARIOS[name]
        outcome = scenario()
        figures, turns = outcome.figures, outcome.figures["turns"]
        faults = outcome.faults()
        sys.stderr.write(f"{name}: {outcome.note}; {', '.join(faults) or 'none'}; {figures}\n")
        wrong |= bool(faults)
        back = figures["back_ms"]
        table.add_row(
            what,
            str(figures["present"]),
            f"{sum(turns.values())}; {turns['answered']}",
            f"{turns['disturbed_answered']}; {turns['broken_off']} said again",
            f"{back['p50']:.0f} / {back['max']:.0f}" if back["n"] else "-",
            "-" if outcome.gone_s is None else f"{outcome.gone_s:.2f}",
            outcome.note,
            ", ".join(faults) or "none",
        )
    Console(width=170).print(table)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
