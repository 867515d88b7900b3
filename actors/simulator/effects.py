"""Carries out the scenario actions that are about the connection, not about an answer."""

from typing import TYPE_CHECKING, Any

from actors.simulator import actions
from actors.simulator.answer_actions import SayInterrupted
from actors.simulator.errors import Close, close_preset
from actors.simulator.listener import TurnInput

if TYPE_CHECKING:
    from actors.simulator.dialogue import Dialogue
    from actors.simulator.session import LiveSession

# Not UTF-8, not JSON: what a proxy or a broken server may send.
GARBAGE_BYTES = bytes([0xFF, 0xFE, 0x00, 0x80, 0xC3, 0x28]) * 8
GARBAGE_TEXT = b"<html><body>502 Bad Gateway</body></html>"
GARBAGE_JSON = b'["not", "a", "message", 1, null]'
UNKNOWN_MESSAGE: dict[str, Any] = {"somethingNewFromTheFuture": {"answer": 42}}

# Actions that take place of setupComplete, or before it, when a rule fires at setup.
BEFORE_SETUP_COMPLETE = (
    actions.CloseSession,
    actions.Quota,
    actions.Stall,
    actions.Cut,
    actions.Vanish,
    actions.Garbage,
    actions.UnknownFrame,
    actions.ErrorFrame,
    actions.NoSetupReply,
    actions.RefuseTcp,
    actions.WrongCertificate,
)


def around_setup(
    chosen: list[actions.AnyAction], resuming: bool
) -> tuple[list[actions.AnyAction], list[actions.AnyAction]]:
    """Actions to do before setupComplete and those to do after it."""
    before: list[actions.AnyAction] = []
    after: list[actions.AnyAction] = []
    for action in chosen:
        if isinstance(action, actions.RejectResume):
            if resuming:
                before.append(action)
        elif isinstance(action, BEFORE_SETUP_COMPLETE):
            before.append(action)
        else:
            after.append(action)
    return before, after


def perform(session: "LiveSession", action: actions.AnyAction) -> None:
    """Does it at once, in the order of the scenario."""
    match action:
        case actions.RefuseTcp():
            session.services.listening.refuse_tcp(action.for_s)
        case actions.WrongCertificate():
            session.services.listening.wrong_certificate(action.for_s)
        case SayInterrupted():
            if session.dialogue is not None:
                session.dialogue.interrupt()
        case actions.CancelCalls():
            if session.dialogue is not None:
                session.dialogue.cancel_calls()
        case actions.Garbage() | actions.UnknownFrame() | actions.ErrorFrame():
            _send_odd_frame(session, action)
        case _:
            _end(session, action)


def _end(session: "LiveSession", action: actions.AnyAction) -> None:
    socket = session.socket
    match action:
        case actions.CloseSession():
            session.close(action.close())
        case actions.Quota():
            session.close(close_preset("quota"))
        case actions.Cut() | actions.RejectResume(code=1006):
            # 1006 is in no close frame: it stands for a socket that ended without one.
            session.go_silent()
            socket.reset()
        case actions.RejectResume():
            session.close(Close(action.code, action.reason))
        case actions.Stall() | actions.NoSetupReply():
            session.go_silent()
        case actions.Vanish():
            session.go_silent()
            socket.vanish()
            # A lost network hides the client's close too; the service finds out by itself.
            session.give_back()
        case actions.SendGoAway():
            _go_away(session, action)
        case _:
            raise AssertionError(f"{action.kind} is no effect on a session")


def speak_unasked(dialogue: "Dialogue") -> None:
    """Begins a turn of the model if a scenario gave it something to say outside any turn."""
    if dialogue.default_plan.steps:
        plan = dialogue.default_plan.copy()
        dialogue.default_plan.steps.clear()
        dialogue.begin_turn(TurnInput("model"), plan)


def _send_odd_frame(
    session: "LiveSession", action: actions.Garbage | actions.UnknownFrame | actions.ErrorFrame
) -> None:
    socket = session.socket
    match action:
        case actions.Garbage(form="text"):
            socket.send_bytes(GARBAGE_TEXT, text=True)
        case actions.Garbage():
            socket.send_bytes(GARBAGE_BYTES if action.form == "binary" else GARBAGE_JSON)
        case actions.UnknownFrame():
            socket.send(UNKNOWN_MESSAGE)
        case actions.ErrorFrame():
            error = {"code": action.code, "message": action.message, "status": action.status}
            socket.send(error if action.flat else {"error": error})
            if isinstance(action, actions.FirstFrameError):
                session.go_silent()


def _go_away(session: "LiveSession", action: actions.SendGoAway) -> None:
    session.send({"goAway": {"timeLeft": f"{action.time_left_s:g}s"}})
    session.later(action.time_left_s, session.close, close_preset("goaway"))
    if action.then == "quiet":
        session.go_silent()
