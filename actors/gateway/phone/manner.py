"""As which session a call is served, and what log lines say of it."""

from __future__ import annotations

import hashlib
from typing import Any

from actors.gateway.options import GatewayOptions
from actors.gateway.phone.context import CallContext, Knock
from actors.gateway.phone.dialect import CallStarted
from pipeline.frames import SessionOpened

PROTOCOL = "telephone"


def line_labels(knock: Knock, started: CallStarted | None = None) -> dict[str, str]:
    """Return what is known of a call by what its provider said."""
    labels = {"protocol": PROTOCOL, "provider": knock.provider}
    if started is not None:
        labels |= {
            "call": started.call_id,
            "direction": started.direction,
            "caller": started.caller,
            "called": started.called,
        }
    return _known(labels)


def call_labels(knock: Knock, started: CallStarted, context: CallContext) -> dict[str, str]:
    """Return what is known of a call that is served."""
    return line_labels(knock, started) | _known(
        {
            "business": context.business,
            "direction": context.direction.value if context.direction is not None else "",
            "caller": context.caller,
            "called": context.called,
        }
    )


def prompt_told(instruction: str | None) -> str:
    """Return which prompt a call has, for the log: not its words, which may be somebody's name."""
    if not instruction:
        return "as the backends' options say"
    return f"{len(instruction)} characters, SHA-256 {_hash_of(instruction)}"


def manner_of(
    session: str,
    context: CallContext,
    functions: list[dict[str, Any]],
    labels: dict[str, str],
    options: GatewayOptions,
) -> SessionOpened:
    """Return how the session of a call is opened."""
    return SessionOpened(
        session=session,
        instruction=context.instruction,
        voice=context.voice,
        language=context.language,
        model=context.model,
        functions=functions,
        speaks_first=context.speaks_first,
        lasts_s=min(context.lasts_s or options.session_s, options.session_s),
        records=context.record or options.record,
        labels=labels,
    )


def _hash_of(text: str) -> str:
    """As `sha256sum` begins of the same text: so it is found which of the prompts it was."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _known(labels: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in labels.items() if text}
