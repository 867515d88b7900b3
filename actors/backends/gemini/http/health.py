"""What requests told of the service, of each model and of each session: decides, does nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.http.availability import Availability, availability_of
from pipeline.frames import BackendState, FaultClass
from pipeline.turns.fault_policy import POLICIES, Cause, Lasts, OfKey

Subject = tuple[Cause, str]
"""Of what a request told something; the name is that of a model or a session."""

FORBIDDEN = HTTPStatus.FORBIDDEN
SERVICE: Subject = (Cause.SERVICE, "")

Trouble = tuple[FaultInfo | None, int]
"""The newest fault of a subject, and how many requests failed in a row."""
WORKS: Trouble = (None, 0)
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


def of_own_model(info: FaultInfo) -> FaultInfo:
    """Return what a fault says where a session has a model of its own: if access is denied, the key
    is as good as it was, and may not use that one."""
    if info.fault is not FaultClass.AUTH or info.code != FORBIDDEN:
        return info
    return replace(info, fault=FaultClass.MODEL, advice="The key may not use this model.")


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
        self._is_known = False
        """Some request told of something."""
        self._faults: dict[Subject, Trouble] = {}

    def failed(self, subject: Subject, info: FaultInfo) -> None:
        """A request failed by this."""
        self._is_known = True
        _, failures = self._faults.get(subject, WORKS)
        self._faults[subject] = info, failures + 1

    def proved(self, *works: Subject) -> bool:
        """These work; return whether that is news."""
        is_news = not self._is_known or not self._faults.keys().isdisjoint(works)
        self._is_known = True
        for subject in works:
            self.forget(subject)
        return is_news

    def forget(self, subject: Subject) -> None:
        """Nothing is known of it any more."""
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
        if not self._is_known:
            return Availability(BackendState.CONNECTING)
        known = [self._faults.get(subject, WORKS) for subject in wanted]
        each = [availability_of(info, keys_in_s, failures) for info, failures in known]
        return min(each, key=lambda one: WORST_FIRST.index(one.state))
