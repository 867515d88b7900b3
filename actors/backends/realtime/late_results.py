"""Results of functions that came after the user had gone on: each is told, once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from actors.backends.tool_calls import CallRecord
from actors.backends.turn_kind import RESULT_IS_HERE

NEWS_S = 120.0
"""For which a result is worth telling that nobody could tell at once: a function may take 60 s
(`TOOL_PATIENCE_S`), and a user who has waited twice as long has asked again."""


@dataclass
class LateResults:
    """What the service has been sent about turns that are over, and has not told yet.

    Attributes:
        tell_s: In which a service that has nothing else to say begins to tell of a result.
        told_by_s: When it has told it, or will not; None: it has something else to say first.
    """

    tell_s: float
    told_by_s: float | None = None
    _calls: list[CallRecord] = field(default_factory=list)
    _held: list[CallRecord] = field(default_factory=list)
    """Those that nobody here could tell, or that the user spoke over."""

    @property
    def is_owed(self) -> bool:
        """Whether the service is to tell of something."""
        return bool(self._calls)

    def sent(self, call: CallRecord, now_s: float, *, idle: bool) -> None:
        """A result was sent; `idle`: the service has nothing else to say."""
        self._calls.append(call)
        self.told_by_s = now_s + self.tell_s if idle else None

    def idle(self, now_s: float) -> None:
        """The service has nothing else to say."""
        if self._calls and self.told_by_s is None:
            self.told_by_s = now_s + self.tell_s

    def told(self) -> None:
        """The service tells of it, or has told of it in an answer."""
        self._calls.clear()
        self.told_by_s = None

    def hold(self, call: CallRecord, now_s: float) -> None:
        """Another backend answers, or nobody does yet, or the user speaks: tell it after that.

        However often it is held, and in how many processes, it is news for `NEWS_S` altogether.
        """
        call.told_by_s = None
        if call.until_s is None:
            call.until_s = now_s + NEWS_S
        self._held.append(call)

    def release(self, now_s: float) -> tuple[list[CallRecord], int]:
        """It can be told now; return what is to be told, and how many are no news any more."""
        held, self._held = self._held, []
        news = [call for call in held if call.is_news(now_s)]
        return news, len(held) - len(news)

    def untold(self) -> list[CallRecord]:
        """Return those that a process that takes over has to tell."""
        return [*(replace(call, told_by_s=self.told_by_s) for call in self._calls), *self._held]

    def lost(self, now_s: float) -> list[CallRecord]:
        """The connection broke; return what a new one has to be told."""
        late = [] if self.told_by_s is not None and now_s > self.told_by_s else list(self._calls)
        self.told()
        return late


def report_of(call: CallRecord) -> str:
    """What the model is told of a call that this connection does not know."""
    return RESULT_IS_HERE.format(
        name=call.name, args=json.dumps(call.args or {}), response=json.dumps(call.response or {})
    )
