"""What the model may do with a call: hang up, hand it on, press keys, ask for keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

from actors.gateway.errors import CallerError
from actors.gateway.phone.pressed_keys import KeysAsked
from pipeline.frames import ToolCall

MOST_KEYS = 20
"""Asked for at once: a number of a credit card has 19 at most, ISO/IEC 7812."""
MOST_S = 60.0
KEYS_S = 10.0
"""For a number to be keyed in, unless the model says another time."""
MOST_PRESSED = 40
"""Keys pressed at once: a number, its extension and pauses."""


class PhoneFunction(StrEnum):
    """Names of the functions."""

    HANG_UP = "hang_up"
    TRANSFER = "transfer_call"
    PRESS = "press_keys"
    ASK = "ask_for_keys"


class CallActions(Protocol):
    """What a call can be asked for."""

    def hang_up_when_heard(self, turn: str) -> None:
        """End the call once the answer to a turn was heard."""

    def transfer_when_heard(self, turn: str, name: str, number: str) -> None:
        """Hand the call on once the answer to a turn was heard."""

    def press(self, keys: str, done: Callable[[], None]) -> None:
        """Press keys once what is being said was heard.

        Raises:
            CallerError: there are no such keys.
        """

    def ask_keys(self, asked: KeysAsked, seconds: float) -> None:
        """Give the keys that are pressed next to who asks."""

    def answer(self, call: ToolCall, response: Mapping[str, Any], *, failed: bool = False) -> None:
        """Return the result of a function."""


def declarations(transfers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the functions that a call has, as the model is told of them.

    Args:
        transfers: Whom it can be handed on to, by name; empty where it cannot be.
    """
    offered = [
        _function(
            PhoneFunction.HANG_UP,
            "End this telephone call. Say goodbye first: it is heard to its end.",
        ),
        _function(
            PhoneFunction.PRESS,
            "Press keys of the telephone, such as the menu of another company asks for.",
            required=["keys"],
            keys=_text(f"Of 0-9, *, #; w waits for half a second. At most {MOST_PRESSED}."),
        ),
        _function(
            PhoneFunction.ASK,
            "Wait for keys that the caller presses, such as a customer number. Say first what is "
            "to be keyed in.",
            most=_number(f"How many keys at most, up to {MOST_KEYS}."),
            ends_with=_text("Key that ends the number; # if it is left out."),
            seconds=_number(f"How long to wait; {KEYS_S:g} if it is left out."),
        ),
    ]
    if transfers:
        to = {**_text("Whom to hand the caller on to."), "enum": sorted(transfers)}
        offered.append(
            _function(
                PhoneFunction.TRANSFER,
                "Hand this call on to a person. Say so first: it is heard to its end.",
                required=["to"],
                to=to,
            )
        )
    return offered


class PhoneFunctions:
    """Carries out what the model asks of a call.

    Args:
        actions: The call.
        transfers: Whom it can be handed on to, by name.
    """

    def __init__(self, actions: CallActions, transfers: Mapping[str, str]) -> None:
        self._actions = actions
        self._transfers = transfers

    def call(self, call: ToolCall) -> None:
        """Carry out a call of a function."""
        try:
            self._carry_out(call)
        except CallerError as error:
            self._actions.answer(call, {"error": str(error)}, failed=True)

    def _carry_out(self, call: ToolCall) -> None:
        match call.name:
            case PhoneFunction.HANG_UP:
                self._actions.answer(call, {"result": "The call ends when this was heard."})
                self._actions.hang_up_when_heard(call.turn)
            case PhoneFunction.TRANSFER:
                self._transfer(call)
            case PhoneFunction.PRESS:
                keys = str(call.args.get("keys", ""))[:MOST_PRESSED]
                done = {"result": f"{keys} was pressed."}
                self._actions.press(keys, lambda: self._actions.answer(call, done))
            case PhoneFunction.ASK:
                self._ask(call)

    def _transfer(self, call: ToolCall) -> None:
        name = str(call.args.get("to", ""))
        number = self._transfers.get(name)
        if number is None:
            names = ", ".join(sorted(self._transfers)) or "nobody"
            raise CallerError(f"{name!r} is not known; there is {names}")
        self._actions.answer(call, {"result": "The caller is handed on when this was heard."})
        self._actions.transfer_when_heard(call.turn, name, number)

    def _ask(self, call: ToolCall) -> None:
        most = int(_bounded(call.args.get("most"), MOST_KEYS, MOST_KEYS))
        seconds = _bounded(call.args.get("seconds"), KEYS_S, MOST_S)
        ends = str(call.args.get("ends_with", "#"))[:1]
        asked = KeysAsked(
            call.call_id, lambda keys: self._actions.answer(call, {"keys": keys}), most, ends
        )
        self._actions.ask_keys(asked, seconds)


def _bounded(value: Any, otherwise: float, most: float) -> float:
    number = float(value) if isinstance(value, int | float) else otherwise
    return min(max(1.0, number), most)


def _function(
    name: PhoneFunction, description: str, required: list[str] | None = None, **properties: Any
) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": name.value, "description": description}
    if properties:
        schema = {"type": "object", "properties": properties, "required": required or []}
        declared["parameters"] = schema
    return declared


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _number(description: str) -> dict[str, Any]:
    return {"type": "number", "description": description}
