"""One Live session: what the socket brings in and what goes out through it."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from actors.backends.gemini.wire import (
    INVALID_ARGUMENT,
    Invalid,
    camel_case,
    normalise,
    parse_json,
    read,
    snake_case,
    unknown_name,
)
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator import actions, client_messages, effects, lifetimes
from actors.simulator.admission import Admit
from actors.simulator.conversation import ConversationRecord
from actors.simulator.dialogue import Dialogue
from actors.simulator.errors import Close, Refused, refused
from actors.simulator.journal import CloseRecord, SessionRecord
from actors.simulator.lifetimes import Lifetimes
from actors.simulator.plan import TurnPlan
from actors.simulator.scenario import Trigger
from actors.simulator.services import Services
from actors.simulator.setup import SessionConfig, validate_setup
from actors.simulator.websocket import WebSocket


class SessionStage(Enum):
    """Where a session is in its life."""

    AWAITING_SETUP = auto()
    LIVE = auto()
    SILENT = auto()
    CLOSED = auto()


class LiveSession:
    """All methods run on the event loop and return at once."""

    def __init__(
        self, socket: WebSocket, services: Services, record: SessionRecord, admit: Admit
    ) -> None:
        self.socket = socket
        self.services = services
        self.record = record
        self.dialogue: Dialogue | None = None
        self._admit = admit
        self._stage = SessionStage.AWAITING_SETUP
        self._lifetimes: Lifetimes | None = None
        self._timers: list[asyncio.TimerHandle] = []
        services.handles.opened(record.number)

    @property
    def live(self) -> bool:
        """Whether the session is set up and may speak."""
        return self._stage is SessionStage.LIVE

    def message(self, data: bytes) -> None:
        """Takes one message of the client."""
        if self._stage in {SessionStage.SILENT, SessionStage.CLOSED}:
            return
        try:
            self._dispatch(data)
        except Refused as refusal:
            self.close(refusal.close)
        except Invalid as invalid:
            self.close(Close(1007, invalid.message))

    def closed(self, by: str, code: int, reason: str) -> None:
        """The socket is closed."""
        self.go_silent()
        self._stage = SessionStage.CLOSED
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.give_back()
        self.record.close = CloseRecord(by, code, reason, self.services.journal.now_s())
        for call in self.record.tool_calls:
            if call.outcome == "pending":
                call.outcome = "lost"

    def send(self, message: dict[str, Any]) -> None:
        """Sends a message unless the session is silent or closed."""
        if self._stage is SessionStage.LIVE:
            self.socket.send(message)

    def close(self, close: Close) -> None:
        """Closes the socket; the conversation may be resumed from now on."""
        self.go_silent()
        self.record.close_sent_ns = time.monotonic_ns()
        self.socket.close(close)
        self.give_back()

    def go_silent(self) -> None:
        """Sends nothing any more; the socket stays as it is."""
        if self.dialogue is not None:
            self.dialogue.break_off()
        if self._stage is not SessionStage.CLOSED:
            self._stage = SessionStage.SILENT

    def pictures_began(self) -> None:
        """The first picture of the conversation has come."""
        if self._lifetimes is not None:
            self._lifetimes.pictures_began()

    def later(self, delay_s: float, call: Callable[..., None], *args: Any) -> None:
        """Calls something later unless the session is closed by then."""
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, call, *args))

    def fire(self, trigger: Trigger, plan: TurnPlan, value: str | float | None = None) -> None:
        """Lets the scenario act on an event; see `RuleMatcher.fire`."""
        self.perform(self.services.rules.fire(trigger, self.record.number, value), plan)

    def perform(self, chosen: list[actions.AnyAction], plan: TurnPlan | None = None) -> None:
        """Carries out scenario actions; those about an answer go to `plan`."""
        for action in chosen:
            self.record.actions.append(action.kind)
            if plan is None or not plan.apply(action):
                effects.perform(self, action)

    def give_back(self) -> None:
        """The conversation may be resumed, and another one take its place."""
        self.services.handles.closed(self.record.number)
        self.services.admission.left(self.record.number)

    def _dispatch(self, data: bytes) -> None:
        message = parse_json(data)
        if not isinstance(message, dict) or len(message) != 1:
            raise Refused(1007, INVALID_ARGUMENT)
        name, content = next(iter(message.items()))
        kind = camel_case(name)
        if kind != "setup" and kind not in client_messages.HANDLERS:
            raise Invalid([unknown_name(name, "")])
        if kind == "setup" and self._stage is SessionStage.AWAITING_SETUP:
            self._set_up(content)
        elif kind == "setup" or self.dialogue is None:
            raise Refused(1007, INVALID_ARGUMENT)
        else:
            type_name, handle = client_messages.HANDLERS[kind]
            taken = read(type_name, content, self.record.version, snake_case(kind))
            handle(self.dialogue, taken)

    def _set_up(self, content: Any) -> None:
        content = self._admit(normalise(content))
        if isinstance(content, dict):
            self.record.setup = content
            self.record.model = str(content.get("model") or "")
        config = validate_setup(
            content,
            self.record.version,
            self.services.models,
            thinks_aloud=self.services.options.thoughts_unasked,
        )
        conversation = self._resume(config)
        chosen = self.services.rules.fire("setup", self.record.number)
        before, after = effects.around_setup(chosen, resuming=config.handle is not None)
        self.perform(before)
        if self._stage is not SessionStage.AWAITING_SETUP or not self.socket.open:
            return
        self._stage = SessionStage.LIVE
        self.dialogue = Dialogue(self, config, conversation)
        self.socket.send({"setupComplete": {}})
        self.perform(after, self.dialogue.default_plan)
        for after_s in self.services.rules.timers():
            self.later(after_s, self._timer, after_s)
        effects.speak_unasked(self.dialogue)
        self._lifetimes = Lifetimes(self, config, conversation, self.services.options)

    def _resume(self, config: SessionConfig) -> ConversationRecord:
        if config.handle is None:
            tools = json.dumps(config.tools) if config.tools else ""
            base = Counter(TEXT=text_tokens(config.system_instruction) + text_tokens(tools))
            return ConversationRecord(tokens=base, counted=Counter(base))
        handles = self.services.handles
        conversation = handles.find(config.handle)
        if conversation is None:
            raise refused("invalid_handle")
        if handles.model(config.handle) != config.model.id:
            raise Refused(1007, INVALID_ARGUMENT)
        if handles.in_use(config.handle):
            raise refused("internal")
        if lifetimes.over(config, self.services.options, conversation):
            raise refused("session_not_found")
        self.record.resumed_from = config.handle
        return conversation

    def _timer(self, after_s: float) -> None:
        if self.dialogue is None or not self.live:
            return
        self.fire("after_s", self.dialogue.default_plan, after_s)
        effects.speak_unasked(self.dialogue)
