"""Refusals of the service: close frames of a Live session and HTTP error bodies."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actors.backends.gemini.wire import cut_reason
from actors.backends.gemini.wire.http_error import HttpError


@dataclass(frozen=True)
class Close:
    """A WebSocket close: code and reason, the reason cut to what a close frame holds."""

    code: int
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", cut_reason(self.reason))


class Refused(Exception):  # noqa: N818 - a refusal is a normal outcome here, not a fault
    """A message that ends a Live session with the given close, or gets 400 over HTTP."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.close = Close(code, reason)


@cache
def presets() -> dict[str, dict[str, Any]]:
    """The sections `close`, `http` and `keys` of `presets.yaml`."""
    text = Path(__file__).with_name("presets.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return loaded


def close_preset(name: str) -> Close:
    """The close called `name` in `presets.yaml`."""
    entry = presets()["close"][name]
    return Close(entry["code"], entry["reason"])


def refused(preset: str) -> Refused:
    """The refusal with the close called `preset` in `presets.yaml`."""
    close = close_preset(preset)
    return Refused(close.code, close.reason)


def http_preset(name: str) -> HttpError:
    """The HTTP error called `name` in `presets.yaml`."""
    entry = presets()["http"][name]
    details = []
    if "error_reason" in entry:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": entry["error_reason"],
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
        )
    return HttpError(entry["code"], entry["status"], entry["message"], details)


def quota_error(per: str, retry_s: float, model: str) -> HttpError:
    """A 429 with the details that tell a per-day from a per-minute quota."""
    period = {"day": "PerDay", "minute": "PerMinute"}[per]
    details: list[dict[str, Any]] = [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                {
                    "quotaMetric": "generativelanguage.googleapis.com/"
                    "generate_content_free_tier_requests",
                    "quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier",
                    "quotaDimensions": {"location": "global", "model": model},
                    "quotaValue": "20",
                }
            ],
        },
        {
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [
                {
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }
            ],
        },
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{retry_s:g}s"},
    ]
    base = http_preset("quota")
    message = f"{base.message} Please retry in {retry_s:g}s."
    return HttpError(base.code, base.status, message, details)
