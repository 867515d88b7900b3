"""What requests told of the service, of each model and of each session: decides, does nothing."""

from __future__ import annotations

from collections.abc import Iterable

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.http.availability import Availability, availability_of
from pipeline.frames import BackendState
from pipeline.turns.fault_policy import POLICIES, Cause, Lasts, OfKey

Subject = tuple[Cause, str]
"""Of what a request told something; the name is that of a model or a session."""

SERVICE: Subject = (Cause.SERVICE, "")

WORST_FIRST = (BackendState.UNAVAILABLE, BackendState.DEGRADED, BackendState.READY)


def subject_of(info: FaultInfo, model: str, session: str) -> Subject:
    """Return what a fault is to be held against: who has nothing to do with that is still served.

    Args:
        info: On the fault.
        model: That was asked; "": none.
        session: For which it was asked; "": for all, as the list of models is.
    """
    match POLICIES[info.fault].cause:
        case Cause.REQUEST if session:
            return (Cause.REQUEST, session)
        case Cause.MODEL if model:
            return (Cause.MODEL, model)
    return SERVICE


def subjects(session: str, models: Iterable[str]) -> list[Subject]:
    """Return all that the answers of a session depend on."""
    return [SERVICE, *((Cause.MODEL, model) for model in models), (Cause.REQUEST, session)]


def is_doubtful(info: FaultInfo) -> bool:
    """Whether the list of models may tell more of a fault, or that it is one for all."""
    policy = POLICIES[info.fault]
    return policy.lasts is Lasts.UNTIL_MENDED and policy.of_key is OfKey.NOTHING


class ServiceHealth:
    """Remembers of each subject how the last request went that told of it."""

    def __init__(self) -> None:
        self._faults: dict[Subject, FaultInfo | None] = {}
        """None: it works. Only the service is remembered as working."""
        self._failures: dict[Subject, int] = {}

    def failed(self, subject: Subject, info: FaultInfo) -> None:
        """A request failed by this."""
        self._faults.setdefault(SERVICE, None)
        self._faults[subject] = info
        self._failures[subject] = self._failures.get(subject, 0) + 1

    def proved(self, *works: Subject) -> bool:
        """These work; return whether that is news."""
        known = [subject for subject in works if self._faults.get(subject) is not None]
        for subject in known:
            self.forget(subject)
        first = SERVICE not in self._faults
        self._faults.setdefault(SERVICE, None)
        return first or bool(known)

    def forget(self, subject: Subject) -> None:
        """Nothing is known of it any more."""
        self._failures.pop(subject, None)
        self._faults.pop(subject, None)

    def models(self) -> list[str]:
        """Return those against which something is held."""
        return [name for cause, name in self._faults if cause is Cause.MODEL]

    def availability(self, wanted: Iterable[Subject], keys_in_s: float | None) -> Availability:
        """Return how it is for a session: as bad as the worst of what it depends on.

        Args:
            wanted: What it depends on.
            keys_in_s: Time until there is a key for its models, 0 if there is; None: never.
        """
        if SERVICE not in self._faults:
            return Availability(BackendState.CONNECTING)
        each = [
            availability_of(self._faults.get(subject), keys_in_s, self._failures.get(subject, 0))
            for subject in wanted
            if subject is SERVICE or subject in self._faults
        ]
        return min(each, key=lambda one: WORST_FIRST.index(one.state))
