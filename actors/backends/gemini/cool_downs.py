"""What is left alone for a while: a project or one of its keys, for one model or for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from pipeline.frames import FaultClass


@dataclass(frozen=True)
class CoolDown:
    """One rest.

    Attributes:
        project: By its name.
        key: Digest of the key that rests; empty: all of the project.
        model: For which; empty: for all.
        fault: Why.
        until_s: Monotonic seconds; infinite: for good.
    """

    project: str
    key: str
    model: str
    fault: FaultClass
    until_s: float

    def holds(self, project: str, key: str, model: str) -> bool:
        """Whether it keeps a key from being used for a model."""
        return self.project == project and self.key in ("", key) and self.model in ("", model)


class CoolDowns:
    """Those that are known, the newest of each kind."""

    def __init__(self) -> None:
        self._others: list[CoolDown] = []
        self._known: dict[tuple[str, str, str, FaultClass], CoolDown] = {}

    def add(self, cool_down: CoolDown) -> None:
        """One begins, or is prolonged or cut short."""
        at = (cool_down.project, cool_down.key, cool_down.model, cool_down.fault)
        self._known[at] = cool_down

    def learn(self, others: Sequence[CoolDown]) -> None:
        """This is what rests by the word of all pipelines, this one included."""
        self._others = list(others)

    def has_room_again(self, project: str) -> None:
        """A session of the project has ended: it may have a place."""
        full = [at for at in self._known if at[0] == project and at[3] is FaultClass.CONCURRENCY]
        for at in full:
            del self._known[at]
        self._others = [
            each
            for each in self._others
            if each.project != project or each.fault is not FaultClass.CONCURRENCY
        ]

    def until_s(self, project: str, key: str, model: str, but: FaultClass | None = None) -> float:
        """Return until when a key is left alone for a model; 0: it is not.

        Args:
            project: Of the key.
            key: Its digest.
            model: For which it is wanted.
            but: What is not counted.
        """
        return max(
            (
                each.until_s
                for each in chain(self._known.values(), self._others)
                if each.fault is not but and each.holds(project, key, model)
            ),
            default=0.0,
        )
