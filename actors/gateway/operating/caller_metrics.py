"""Prometheus metrics of callers. Neither what is said, nor a session, key or address is in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import Metric

from actors.gateway.operating.session_board import SessionBoard
from actors.gateway.operating.traffic import TrafficCounts
from actors.gateway.rooms.admission import AdmissionState
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.store.quota_seen import QuotaSeen
from actors.services.metrics.building import Row, counter, gauge, histogram

MOVES = {"in": "taken_up", "out": "sessions_moved"}
"""Counters of a gateway by direction."""
REFUSED = "refused_"
"""Counters of a gateway that begin so say why somebody was not let in."""


@dataclass(frozen=True)
class CallerMetrics:
    """Collects what there is to scrape at a gateway.

    Attributes:
        states: Returns how many callers are in each state.
        board: Their sessions.
        traffic: What went over the port.
        counters: Of the gateway.
        room: That it is.
        quota: Returns what was last seen of the quotas that it shares with other rooms.
    """

    states: Callable[[], Mapping[str, int]]
    board: SessionBoard
    traffic: TrafficCounts
    counters: Mapping[str, int]
    room: GatewayRoom
    quota: Callable[[], QuotaSeen]

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        tally, traffic = self.board.tally, self.traffic
        states = [([state], count) for state, count in self.states().items()]
        yield gauge("gateway_callers", "Callers now, by state.", ["state"], states)
        opened: list[Row] = [([], tally.sessions_opened)]
        yield counter("gateway_sessions_opened", "Sessions of callers opened.", [], opened)
        ended = [([reason], count) for reason, count in tally.sessions_ended.items()]
        yield counter("gateway_sessions_ended", "Those that ended.", ["reason"], ended)
        refused = [
            ([name.removeprefix(REFUSED)], count)
            for name, count in self.counters.items()
            if name.startswith(REFUSED)
        ]
        yield counter("gateway_refused", "Who was not let in, or no further.", ["reason"], refused)
        yield from self._of_turns()
        yield from self._of_room()
        yield from self._of_quota()
        open_now = [([kind], count) for kind, count in traffic.open.items()]
        yield gauge("gateway_connections", "Requests and sockets open.", ["kind"], open_now)
        requests = [([*key], count) for key, count in traffic.requests.items()]
        yield counter("gateway_requests", "Requests answered.", ["kind", "status"], requests)
        closes = [([code], count) for code, count in traffic.closes.items()]
        yield counter("gateway_sockets_closed", "WebSockets that ended.", ["code"], closes)
        for name, counts, meaning in (
            ("gateway_messages", traffic.messages, "Messages."),
            ("gateway_bytes", traffic.sizes, "Their size; a character of text counts as one."),
        ):
            rows = [([*key], count) for key, count in counts.items()]
            yield counter(name, meaning, ["direction", "kind"], rows)
        meaning = "From a request to the end of its answer; WebSockets left out."
        yield histogram("gateway_request_seconds", meaning, [], [([], traffic.seconds)])

    def _of_room(self) -> Iterable[Metric]:
        room, now = self.room, self.room.admission
        states = [([room.name, each.name.lower()], int(each is now)) for each in AdmissionState]
        yield gauge("gateway_room", "1 for how the room is now.", ["room", "state"], states)
        if room.places is not None:
            yield gauge("gateway_places", "Callers it takes at once.", [], [([], room.places)])
        yield gauge("gateway_places_taken", "Callers it has.", [], [([], room.taken)])
        moves = [([way], self.counters.get(name, 0)) for way, name in MOVES.items()]
        meaning = "Conversations taken up from another pipeline, and by another one."
        yield counter("gateway_moves", meaning, ["direction"], moves)
        missed: list[Row] = [([], self.counters.get("leases_missed", 0))]
        yield counter("gateway_leases_missed", "Renewals of its lease that failed.", [], missed)

    def _of_quota(self) -> Iterable[Metric]:
        """Return the families of what all rooms share: each of them says the same."""
        seen = self.quota()
        limits: list[Row] = [
            ([each.name], each.live_sessions)
            for each in seen.projects
            if each.live_sessions is not None
        ]
        yield gauge(
            "gateway_quota_places", "Live sessions a project may have.", ["project"], limits
        )
        taken: list[Row] = [([each.name], each.taken) for each in seen.projects]
        yield gauge("gateway_quota_places_taken", "Those it has, in all rooms.", ["project"], taken)
        rests = Counter((each.project, each.fault) for each in seen.resting)
        resting: list[Row] = [([*key], count) for key, count in rests.items()]
        meaning = "Projects, or keys of them, that all rooms leave alone for a while."
        yield gauge("gateway_quota_resting", meaning, ["project", "class"], resting)
        unplaced: list[Row] = [([], self.counters.get("unplaced", 0))]
        meaning = "Callers let in without a place, and answered by other backends."
        yield counter("gateway_unplaced", meaning, [], unplaced)

    def _of_turns(self) -> Iterable[Metric]:
        tally = self.board.tally
        turns = [([*key], count) for key, count in tally.turns.items()]
        yield counter("gateway_turns", "Turns of callers.", ["outcome", "backend"], turns)
        faults = [([*key], count) for key, count in tally.faults.items()]
        yield counter("gateway_faults", "Faults of services.", ["backend", "class"], faults)
        meaning = "From the end of a caller's question to the first sound of the answer."
        sounds = [([name], each) for name, each in tally.first_sound.items()]
        yield histogram("gateway_first_sound_seconds", meaning, ["backend"], sounds)
