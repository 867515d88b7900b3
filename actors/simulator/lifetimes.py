"""How long a connection and a session last, and the GoAway before the end."""

from typing import TYPE_CHECKING

from actors.simulator import actions, effects
from actors.simulator.conversation import ConversationRecord
from actors.simulator.errors import close_preset
from actors.simulator.options import SimulatorOptions
from actors.simulator.setup import SessionConfig

if TYPE_CHECKING:
    from actors.simulator.session import LiveSession

# GoAway was seen a minute before the ten minutes were over, with 50 s left; a shorter life, as in
# a test, is announced that part of it before its end.
LEAD_S = 60.0
LEAD_SHARE = 0.2
LEFT_SHARE = 5 / 6


def lead_s(life_s: float) -> float:
    """How long before its end a life of so many seconds is announced to be over."""
    return min(LEAD_S, life_s * LEAD_SHARE)


def end_s(life_s: float) -> float:
    """When a life of so many seconds is over: as long after its announcement as that said."""
    return life_s - lead_s(life_s) * (1 - LEFT_SHARE)


def session_limit_s(
    config: SessionConfig, options: SimulatorOptions, pictures: int
) -> float | None:
    """How long the session may last in all; without end if its context is compressed."""
    if config.compression is not None:
        return None
    return options.video_session_s if pictures else options.audio_session_s


class Lifetimes:
    """Timers of one connection, and of the session it belongs to."""

    def __init__(
        self,
        session: "LiveSession",
        config: SessionConfig,
        conversation: ConversationRecord,
        options: SimulatorOptions,
    ) -> None:
        self._session = session
        self._config = config
        self._conversation = conversation
        self._options = options
        if options.connection_s is not None:
            life_s = options.connection_s
            session.later(life_s - lead_s(life_s), self._go_away, life_s)
        # Who resumes a session that is about to end was told so, and is not told again.
        self._watch(told=config.handle is not None)

    def pictures_began(self) -> None:
        """With pictures, a session lasts less long."""
        self._watch(told=False)

    def _watch(self, *, told: bool) -> None:
        limit_s = self._limit_s()
        if limit_s is None:
            return
        age_s = self._conversation.age_s
        announced_s = limit_s - lead_s(limit_s) - age_s
        if announced_s < 0 and told:
            self._session.later(max(0.0, end_s(limit_s) - age_s), self._session_is_over, limit_s)
        else:
            self._session.later(max(0.0, announced_s), self._session_ends, limit_s)

    def _limit_s(self) -> float | None:
        return session_limit_s(self._config, self._options, self._conversation.pictures)

    def _session_ends(self, limit_s: float) -> None:
        if self._limit_s() == limit_s:
            self._go_away(limit_s)

    def _session_is_over(self, limit_s: float) -> None:
        if self._session.live and self._limit_s() == limit_s:
            self._session.close(close_preset("goaway"))

    def _go_away(self, life_s: float) -> None:
        if self._session.live:
            left_s = lead_s(life_s) * LEFT_SHARE
            effects.perform(self._session, actions.SendGoAway(time_left_s=left_s))


def over(
    config: SessionConfig, options: SimulatorOptions, conversation: ConversationRecord
) -> bool:
    """Whether the session that a handle stands for has lasted as long as it may."""
    limit_s = session_limit_s(config, options, conversation.pictures)
    return limit_s is not None and conversation.age_s >= end_s(limit_s)
