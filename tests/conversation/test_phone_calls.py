"""Calls by telephone on real processes: answered, interrupted, keyed, hung up, handed on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import yaml
from helpers import journal
from phones import PhoneTalk
from web_gateway import gateway_config

from actors.cli.calling.happening import What
from benchmarks.phone_callers.address import phone_url
from pipeline.testing import RunningPipeline, running

GO = "go fo"
"""As "go forward" begins, and "go for" and "go four", which 8 kHz makes of it."""
QUESTIONS = {
    "twilio": ("goforward.wav", GO),
    "telnyx": ("cards-001.wav", "ten"),
    "vonage": ("goforward.wav", GO),
    "asterisk": ("cards-003.wav", "seven"),
    "audiosocket": ("goforward.wav", GO),
    "website": ("goforward.wav", GO),
    "gemini": ("goforward.wav", GO),
}
"""What is asked over each line, of callers who do not telephone too; and what is heard of the
answer, whatever 8 kHz makes of it."""
WITH_BUSINESS = ("telnyx", "asterisk")
PHONE: dict[str, Any] = {
    "audiosocket_port": 0,
    # A tone would be taken for the answer where that is slow to come.
    "waiting_s": None,
    "businesses": {
        "b42": {"instruction": "You serve b42."},
        "others": {"instruction": "You serve all others."},
    },
    "default_business": "others",
}
GOODBYE = {
    "description": "The third thing that somebody asks for is that the call ends.",
    "rules": [
        {
            "when": {"turn": 3},
            "do": [{"call": {"name": "hang_up", "args": {}}}, {"say": "Goodbye."}],
        }
    ],
}
LEFT_MS = 200.0
"""`phone.ahead_ms` by default; and what a busy machine may keep on its way, to be sent at once."""


def heard_under(pipeline: RunningPipeline, instruction: str) -> str:
    """What was understood in all conversations that had an instruction.

    A conversation may have several connections, as many as a busy machine makes it lose.
    """
    sessions = journal(pipeline)["sessions"]
    of_it = [
        each for each in sessions if instruction in str(each["setup"].get("systemInstruction"))
    ]
    return " ".join(turn["heard"].lower() for each in of_it for turn in each["turns"])


def test_calls_of_every_kind_are_answered_and_keep_nothing_of_the_one_before(
    tmp_path: Path,
) -> None:
    scenario = tmp_path / "goodbye.yaml"
    scenario.write_text(yaml.safe_dump(GOODBYE))

    async def ask(pipeline: RunningPipeline) -> dict[str, PhoneTalk]:
        talks = {
            name: PhoneTalk(
                phone_url(pipeline, name),
                ("say", file),
                parameters=["business=b42"] if name in WITH_BUSINESS else [],
            )
            for name, (file, _) in QUESTIONS.items()
        }
        await asyncio.gather(*(each.hold() for each in talks.values()))
        return talks

    async def go_on(pipeline: RunningPipeline) -> tuple[PhoneTalk, PhoneTalk]:
        """One interrupts and presses keys; one calls as another did before, without a business."""
        interrupting = PhoneTalk(
            phone_url(pipeline, "twilio"),
            ("say", "austen-0870.wav"),
            ("after", "1"),
            ("say", "goforward.wav"),
            ("while_answering", ""),
            ("keys", "12#"),
            silence_s=60.0,
        )
        again = PhoneTalk(phone_url(pipeline, "asterisk"), ("say", "goforward.wav"))
        await asyncio.gather(interrupting.hold(), again.hold())
        return interrupting, again

    config = gateway_config(tmp_path, {"phone": PHONE}, scenario=str(scenario))
    with running(config) as pipeline:
        talks = asyncio.run(ask(pipeline))
        interrupting, again = asyncio.run(go_on(pipeline))
        of_business = heard_under(pipeline, "You serve b42.")
        of_others = heard_under(pipeline, "You serve all others.")
        turns = [each["turns"] for each in journal(pipeline)["sessions"]]
    for name, talk in {**talks, "again": again}.items():
        file, word = QUESTIONS.get(name, ("", GO))
        assert word in talk.heard_words(), (name, file)
        assert (talk.tally.faults, talk.tally.hung_up_by) == ([], "caller"), name
        if name in ("twilio", "telnyx"):
            assert talk.tally.marks_back == talk.tally.marks > 0, name
        assert len(talk.tally.latencies_ms) == 1, name
    for name, (_, word) in QUESTIONS.items():
        assert (word in of_business) == (name in WITH_BUSINESS), (name, of_business)
    assert GO in of_others
    assert interrupting.tally.faults == []
    (cut_s,) = interrupting.times(What.CUT)
    assert interrupting.tally.left_ms
    assert max(interrupting.tally.left_ms) <= LEFT_MS
    assert GO in interrupting.heard_words(cut_s)
    assert [each for each in turns if "12#" in str(each)]
    assert interrupting.tally.hung_up_by == "server"


def test_calls_go_on_when_the_quota_ends_in_an_answer_and_begin_while_live_is_out(
    tmp_path: Path,
) -> None:
    async def ask(pipeline: RunningPipeline, file: str, call_id: str) -> PhoneTalk:
        url = phone_url(pipeline, "twilio")
        parameters = ["business=b42", "direction=inbound"]
        talk = PhoneTalk(url, ("say", file), silence_s=3.0, parameters=parameters, call_id=call_id)
        return await talk.hold()

    options = {
        "phone": {"waiting_s": None, "businesses": {"b42": {"instruction": "You serve b42."}}}
    }
    config = gateway_config(tmp_path, options, scenario="f01_quota_mid_answer")
    with running(config) as pipeline:
        begun = asyncio.run(ask(pipeline, "austen-0890.wav", "CA1"))
        # Live rests for a minute: for this call it is never connected.
        next_call = asyncio.run(ask(pipeline, "goforward.wav", "CA2"))
        closed = pipeline.status().turns_closed
        written = pipeline.output.splitlines()
    assert closed == {"answered": 2}
    for talk in (begun, next_call):
        assert (talk.tally.faults, talk.tally.hung_up_by) == ([], "caller")
    # Live had begun with it when its quota ended; another backend said all of it.
    heard = begun.heard_words()
    assert "cold hearted" in heard
    assert "disposed" in heard
    assert GO in next_call.heard_words()
    fault = next(line for line in written if "the connection ended" in line)
    for known in ("business=b42", "direction=inbound", "call=CA1", "provider=twilio"):
        assert known in fault
    assert [line for line in written if "a call begins" in line and "prompt='14 characters" in line]
