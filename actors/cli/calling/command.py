"""Makes the call of `greenroom call` and prints what happens."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import typer

from actors.cli.calling.call import Call
from actors.cli.calling.call_tally import CallTally
from actors.cli.calling.dialled_call import DialledCall
from actors.cli.calling.happening import Happening, Tell
from actors.cli.calling.microphone_caller import MicrophoneCaller
from actors.cli.calling.scripted_caller import Person, ScriptedCaller, ScriptLine
from actors.cli.calling.telling import teller
from actors.cli.calling.wanted_call import WantedCall
from actors.lib.audio.pcm import Samples
from actors.lib.audio.wav_file import WavFile

EXIT_FAULTS = 1
"""The call was held, and the real provider would not have taken all of it."""


def call_command(
    wanted: WantedCall, *, out: Path | None, machine: bool, hang_up_s: float, patience_s: float
) -> None:
    """Make a call, print it, and end with `EXIT_FAULTS` if the server did what is not taken.

    Args:
        wanted: Which call.
        out: WAV file for what is heard.
        machine: Print JSON.
        hang_up_s: Silence after the last answer, before the person hangs up.
        patience_s: For an answer.

    Raises:
        GreenroomError: the call cannot be made.
    """
    call = wanted.call()
    script = wanted.utterances(call.words.form.rate_hz)
    tally = CallTally()
    with ExitStack() as open_files:
        wav = WavFile(out, call.words.heard.rate_hz, append=False) if out else None
        if wav is not None:
            open_files.callback(wav.close)
        tell = _counted(tally, teller(machine))
        patience = (hang_up_s, patience_s)
        dialled = asyncio.run(_hold(call, script, patience, tell, wav.write if wav else _ignore))
        tally.most_waiting_ms = dialled.side.most_waiting_s * 1000
        typer.echo(json.dumps(tally.as_json()) if machine else "\n".join(["", *tally.lines()]))
        if out is not None and not machine:
            typer.echo(f"what was heard: {out}")
    if not tally.is_clean:
        raise typer.Exit(EXIT_FAULTS)


async def _hold(
    call: Call,
    script: list[ScriptLine],
    patience: tuple[float, float],
    tell: Tell,
    write: Callable[[Samples], None],
) -> DialledCall:
    form = call.words.form
    async with AsyncExitStack() as stack:
        person: Person
        if script:
            hang_up_s, patience_s = patience
            person = ScriptedCaller(
                script, form.block_samples, tell, hang_up_s=hang_up_s, patience_s=patience_s
            )
            dialled = DialledCall(call, tell, write)
        else:
            person = here = await stack.enter_async_context(MicrophoneCaller(form.rate_hz))

            def hear(samples: Samples) -> None:
                write(samples)
                here.listen(samples)

            dialled = DialledCall(call, tell, hear)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, dialled.hang_up)
        await dialled.run(person)
        return dialled


def _counted(tally: CallTally, tell: Tell) -> Tell:
    def counted(happening: Happening) -> None:
        tally.count(happening)
        tell(happening)

    return counted


def _ignore(_samples: Samples) -> None:
    """Nobody keeps what is heard."""
