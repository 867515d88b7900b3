"""What somebody on the telephone hears, second by second, while backends fail.

`python -m benchmarks.phone_failures [NAME ...]` calls as Twilio does, with signatures, and with its
REST on this machine. Questions are recordings of people; the simulator of Gemini repeats what it
understood, and fails as its scenario says; what was heard is recognised on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.calling.wanted_call import WantedCall
from benchmarks.machine import description
from benchmarks.phone_callers.address import phone_url
from benchmarks.phone_callers.failing_calls import (
    CALLED,
    CALLS,
    ENDPOINT_S,
    PUBLIC_URL,
    SECRET_NAME,
    WAITING_S,
    FailingCall,
    failing_config,
)
from benchmarks.phone_callers.heard_words import HeardStretch, heard_stretches
from benchmarks.phone_callers.provider_api import ProviderApi, provider_api
from benchmarks.phone_callers.recorded_call import RecordedCall
from benchmarks.sound import SPEECH
from pipeline.testing import running

CREATED = (201, {"sid": "CA00000000000000000000000000000001"})
"""What Twilio answers to a call that it is asked for."""
AFTER_S = 6.0
"""Between an answer and the next question: longer than between two tones, which are no answer."""


@dataclass
class FailedCall:
    """What became of it.

    Attributes:
        call: Which.
        held: All that was said and heard.
        stretches: That were heard.
        asked: What the provider was asked for over REST.
        outcomes: Of its turns.
    """

    call: FailingCall
    held: RecordedCall
    stretches: list[HeardStretch]
    asked: list[str]
    outcomes: dict[str, int]

    @property
    def most_s(self) -> float:
        """How long it may be silent."""
        return ENDPOINT_S + WAITING_S

    @property
    def silent_s(self) -> float:
        """How long it was silent at most where somebody waited for sound."""
        spoken = [(begin, end) for begin, end, _ in self.held.said()]
        heard = [(each.begin_s, each.end_s) for each in self.stretches]
        spans = sorted([(*each, False) for each in spoken] + [(*each, True) for each in heard])
        waits = [after[0] - before[1] for before, after in pairwise(spans) if after[2]]
        if self.held.tally.hung_up_by == "caller" and self.asked:
            # Handed on: the provider goes on at once.
            waits.append(self.held.tally.heard_s - spans[-1][1])
        return max(waits, default=self.held.tally.heard_s)

    @property
    def holds(self) -> bool:
        """Whether it was not dropped, silent for longer than it may, or left without an answer."""
        kept = self.held.tally.hung_up_by == "caller"
        return kept and not self.held.tally.faults and self.silent_s <= self.most_s

    def lines(self) -> list[str]:
        """Return what was heard, a line a second."""
        return [
            f"{second:3d}  {self._said(second):22s} {self._heard(second)}".rstrip()
            for second in range(int(self.held.tally.heard_s) + 1)
        ]

    def _said(self, second: int) -> str:
        names = (
            name for begin, end, name in self.held.said() if begin < second + 1 and end > second
        )
        return ", ".join(names)

    def _heard(self, second: int) -> str:
        inside = [
            each for each in self.stretches if each.begin_s < second + 1 and each.end_s > second
        ]
        if not inside:
            return "-"
        words = " ".join(filter(None, (each.words_of(second) for each in inside)))
        return "tone" if any(each.is_tone for each in inside) else words or "(sound)"


def measure(call: FailingCall, log: Path | None = None) -> FailedCall:
    """Hold one call; what the pipeline printed is added to `log`."""
    token = os.environ[SECRET_NAME]
    with (
        tempfile.TemporaryDirectory(prefix="gr-") as folder,
        provider_api() as rest,
        running(failing_config(Path(folder), call, rest.url)) as pipeline,
    ):
        rest.otherwise = CREATED
        pause = ("after", str(AFTER_S))
        questions = [("say", str(SPEECH / each)) for each in call.questions]
        wanted = WantedCall(
            phone_url(pipeline, "twilio"),
            script=[step for question in questions for step in (pause, question)],
            parameters=["business=b42", "direction=inbound", "caller=+491", f"called={CALLED}"],
            auth_token=token,
            public_url=f"{PUBLIC_URL.replace('https', 'wss')}/phone/twilio",
        )
        held = RecordedCall(wanted, silence_s=4.0)
        asyncio.run(_hold(held, rest))
        outcomes = dict(pipeline.status().turns_closed)
        if log is not None:
            with log.open("a") as file:
                file.write(pipeline.output)
    asked = [" ".join(_in_words(fields)) for _, _, fields in rest.requests]
    return FailedCall(call, held, heard_stretches(held.heard, held.rate_hz), asked, outcomes)


async def _hold(held: RecordedCall, rest: ProviderApi) -> None:
    loop = asyncio.get_running_loop()

    # Twilio closes the media socket of a call that gets another program.
    def change(path: str) -> None:
        if path.endswith(f"/{held.call_id}.json"):
            loop.call_soon_threadsafe(held.hang_up)

    rest.on_answered = change
    await held.hold()


def _in_words(fields: dict[str, str]) -> list[str]:
    verbs = re.findall(r"<(\w+)[^>]*>([^<]*)", fields.get("Twiml", ""))
    return [f"{verb} {text}".strip() for verb, text in verbs if verb != "Response"]


def main() -> int:
    """Print what was heard in each call, and a table of all."""
    names = "; ".join(each.name for each in CALLS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"parts of: {names}")
    parser.add_argument("--log", type=Path, help="file to which what the pipelines print is added")
    arguments = parser.parse_args()
    os.environ[SECRET_NAME] = secrets.token_hex(16)
    wanted = arguments.names
    calls = [each for each in CALLS if not wanted or any(part in each.name for part in wanted)]
    table = Table(
        "what fails", "silent at most", "may be", "turns", "then", "holds", box=box.MARKDOWN
    )
    failed: list[FailedCall] = []
    for call in calls:
        found = measure(call, arguments.log)
        failed.append(found)
        print(f"\n{call.name}\n  s  caller says            is heard")
        print("\n".join(found.lines()), flush=True)
        ended = "; ".join(found.asked) or f"hung up by the {found.held.tally.hung_up_by}"
        turns = ", ".join(f"{count} {name}" for name, count in found.outcomes.items())
        table.add_row(
            *(call.name, f"{found.silent_s:.1f} s", f"{found.most_s:.1f} s"),
            *(turns, ended, "yes" if found.holds else "NO"),
        )
        for text in found.held.tally.faults:
            print(f"fault: {text}")
    Console(width=150).print(table)
    print(description())
    return 0 if all(each.holds for each in failed) else 1


if __name__ == "__main__":
    sys.exit(main())
