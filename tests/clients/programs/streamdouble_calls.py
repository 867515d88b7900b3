"""streamdouble, unmodified, calls a server as Twilio does, and says what it saw of each call.

`CALLS`: of each, `url`, `scenario` (a YAML file), `parameters`, `jitter_ms`, `loss`, and `heard`,
the WAV file for what it hears.
"""

from __future__ import annotations

import json
import os
from typing import Any

from streamdouble import api
from streamdouble.chaos import Impairments
from streamdouble.session import SessionConfig


def called(call: dict[str, Any]) -> dict[str, Any]:
    """What it saw of a call."""
    config = SessionConfig(
        response_timeout_s=60.0,
        custom_parameters=call["parameters"],
        impairments=Impairments(loss=call["loss"], jitter_ms=call["jitter_ms"]),
        chaos_seed=1,
    )
    report = api.run_scenario_sync(call["url"], call["scenario"], config=config)
    api.save_reply(report, call["heard"])
    seen = report.result
    return {
        "violations": [str(each) for each in seen.violations],
        "failed": seen.failed_expectations,
        "unknown": seen.unknown_events,
        "lost": seen.frames_dropped,
        "clears": seen.clears_received,
        "marks": seen.marks_received,
        "marks_back": seen.marks_echoed,
        "exit_code": report.exit_code,
        "metrics": report.metrics.to_dict(),
    }


print(json.dumps([called(each) for each in json.loads(os.environ["CALLS"])]))
