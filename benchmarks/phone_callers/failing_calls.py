"""Calls in which backends fail, and rooms in which they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.web_room import simulated_tree

SECRET_NAME = "PHONE_FAILURES_SECRET"
PUBLIC_URL = "https://voice.example.org"
WAITING_S = 5.0
"""`phone.waiting_s`: after so much silence a tone is heard."""
ENDPOINT_S = 1.6
"""Until a turn is over and its answer asked for, at the most: `end_of_turn: smart`."""
CALLED = "+492"
LONG, SHORT = "austen-0890.wav", "goforward.wav"
QUOTA_GONE = {"http_quota": {"per": "day", "retry_s": 3600}}
BY_HTTP = ("generateContent", "streamGenerateContent", "speech")


@dataclass(frozen=True)
class FailingCall:
    """One call.

    Attributes:
        name: What fails.
        rules: Of the simulator.
        backends: That there are.
        on_failure: Of the business.
        questions: Recordings, each said when the answer to the one before was heard.
    """

    name: str
    rules: list[dict[str, Any]]
    backends: tuple[str, ...] = ("live", "http", "device")
    on_failure: dict[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = (LONG, SHORT)


def _all_http(action: Any, **limits: Any) -> list[dict[str, Any]]:
    return [{"when": {"http": name}, "do": [action], **limits} for name in BY_HTTP]


ALL_GONE = [{"when": {"audio_ms": 700}, "do": ["quota"]}, *_all_http(QUOTA_GONE)]
CALLS = (
    FailingCall("nothing", []),
    FailingCall(
        "Live refuses every connection",
        [{"when": "connect", "do": [{"refuse": "denied"}]}],
    ),
    FailingCall(
        "the quota ends in mid-answer",
        [{"when": {"answer_ms": 1500}, "times": 1, "do": ["quota"]}],
    ),
    FailingCall(
        "1011 in mid-answer",
        [{"when": {"answer_ms": 1500}, "times": 1, "do": [{"close": "internal"}]}],
    ),
    FailingCall(
        "the answer freezes",
        [{"when": {"answer_ms": 1500}, "times": 1, "do": ["stall"]}],
    ),
    FailingCall(
        "cut in mid-answer, then every connection is refused",
        [
            {"when": {"answer_ms": 1500}, "times": 1, "do": ["cut", {"refuse_tcp": 60}]},
        ],
    ),
    FailingCall("the quota of all services", ALL_GONE),
    FailingCall(
        "all backends; the call is handed on",
        ALL_GONE,
        backends=("live", "http"),
        on_failure={"transfer": "+499"},
    ),
    FailingCall(
        "all backends; called back",
        ALL_GONE,
        backends=("live", "http"),
        on_failure={"say": "We call you back.", "call_back": True},
    ),
    FailingCall(
        "all backends for one turn; nothing configured",
        [
            {"when": {"audio_ms": 700}, "times": 1, "do": [{"close": "unavailable"}]},
            *_all_http({"refuse": "unavailable"}, times=3),
        ],
        backends=("live", "http"),
    ),
)


def failing_config(folder: Path, call: FailingCall, api_url: str) -> Path:
    """Write the config of a room that has these backends only."""
    tree = simulated_tree(folder, call.name, call.rules)
    actors = tree["actors"]
    for name in set(tree["route"]["backends"]) - set(call.backends):
        del actors[name]
        for each in actors.values():
            each["inputs"] = _without(each.get("inputs", {}), name)
    tree["route"] = {"backends": list(call.backends)}
    account = {"account_sid": "AC1", "auth_token": f"${SECRET_NAME}", "api_url": api_url}
    actors["gateway"]["options"] = {
        "port": 0,
        "phone": {
            "waiting_s": WAITING_S,
            "public_url": PUBLIC_URL,
            "accounts": {"twilio": account},
            "businesses": {"b42": {"numbers": [CALLED], "on_failure": call.on_failure}},
        },
    }
    path = folder / "failing.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def _without(inputs: dict[str, Any], name: str) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for port, sources in inputs.items():
        listed = sources if isinstance(sources, list) else [sources]
        kept = [each for each in listed if not each.startswith(f"{name}.")]
        if kept:
            left[port] = kept if isinstance(sources, list) else kept[0]
    return left
