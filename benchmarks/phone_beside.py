"""Our line beside Pipecat's serializer for Twilio, on the same sound.

`python -m benchmarks.phone_beside`. Inbound: what each has handed on after each message of 20 ms.
Outbound: sentences of an answer with a pause between them; what of each was never sent to the line,
and the words that a recogniser makes of what was. Pipecat runs in an environment of its own
(`benchmarks/peers`), unmodified.
"""

from __future__ import annotations

import base64
import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr
from rich import box
from rich.console import Console
from rich.table import Table

from actors.cli.calling.line_form import Coding, LineForm
from actors.gateway.phone.dialect import Encoding, LineSound
from actors.gateway.phone.sound.line_decoder import LineDecoder
from actors.gateway.phone.sound.line_encoder import LineEncoder
from actors.lib.audio.pcm import Samples, to_pcm
from actors.recordings.evaluation.words import word_errors
from benchmarks.machine import description
from benchmarks.peers.environment import interpreter, pinned
from benchmarks.phone_callers.heard_words import recognised
from benchmarks.sound import RATE_HZ, ROOT, recordings, voiced_end

LINE_HZ, OUT_HZ = 8_000, 24_000
LINE = LineForm(Coding.MULAW, LINE_HZ)
OURS = LineSound(Encoding.MULAW, LINE_HZ)
PAUSE_S = 0.5
"""Between two sentences of an answer, as synthetic voices and services leave it."""
PIECE_S = 0.02
PIPECAT_PIECE_S = 0.04
"""As its transport cuts an answer (`audio_out_10ms_chunks`: 4)."""


@dataclass
class LineTalk:
    """What a line made of the same sound.

    Attributes:
        held_in_ms: After each message: what came, and was not handed on.
        held_out_ms: After each piece of an answer: what was given, and not sent.
        lost_ms: Of each sentence, what was never sent.
        sentences: What was sent of each, at 8 kHz.
        clears: What is sent when the caller speaks.
        position: By what it knows how much was heard.
    """

    held_in_ms: list[float] = field(default_factory=list)
    held_out_ms: list[float] = field(default_factory=list)
    lost_ms: list[float] = field(default_factory=list)
    sentences: list[Samples] = field(default_factory=list)
    clears: str = ""
    position: str = ""


def _messages(sound: Samples) -> list[bytes]:
    line = soxr.resample(sound, RATE_HZ, LINE_HZ)
    size = LINE.block_samples
    return [LINE.encode(line[at : at + size]) for at in range(0, len(line) - size + 1, size)]


def ours(messages: list[bytes], sentences: list[Samples]) -> LineTalk:
    """Let our line hear and speak."""
    talk = LineTalk(clears="clear", position="marks, each 200 ms")
    decoder, encoder = LineDecoder(OURS), LineEncoder(OURS)
    came = handed = 0.0
    for message in messages:
        came += len(message) / LINE_HZ
        handed += len(decoder.feed(message)) / RATE_HZ
        talk.held_in_ms.append((came - handed) * 1000)
    size = int(OUT_HZ * PIECE_S)
    for sentence in sentences:
        sent, given = b"", 0
        for at in range(0, len(sentence), size):
            piece = sentence[at : at + size]
            given += len(piece)
            sent += encoder.feed(piece)
            talk.held_out_ms.append((given / OUT_HZ - len(sent) / LINE_HZ) * 1000)
        _end(talk, sentence, sent + encoder.flush())
    return talk


def pipecat(messages: list[bytes], sentences: list[Samples]) -> LineTalk:
    """Let Pipecat's hear and speak."""
    given = {
        "inbound": [base64.b64encode(each).decode() for each in messages],
        "outbound": [base64.b64encode(to_pcm(each)).decode() for each in sentences],
        "pause_s": PAUSE_S,
        "piece_s": PIPECAT_PIECE_S,
    }
    # -P: beside the program lies a module of the same name as the package.
    program = ROOT / "benchmarks" / "peers" / "pipecat_line.py"
    done = subprocess.run(
        [str(interpreter("pipecat")), "-P", str(program)],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    knows = found["asks_for_marks"] or found["takes_a_mark_for"] != "None"
    talk = LineTalk(
        clears=found["interrupted"]["event"], position="marks" if knows else "not known"
    )
    came = handed = 0.0
    for message, heard in zip(messages, found["heard"], strict=True):
        came += len(message) / LINE_HZ
        handed += len(base64.b64decode(heard)) / 2 / RATE_HZ
        talk.held_in_ms.append((came - handed) * 1000)
    for sentence, pieces in zip(sentences, found["sent"], strict=True):
        size, sent = int(OUT_HZ * PIPECAT_PIECE_S), b""
        for number, piece in enumerate(pieces, 1):
            sent += base64.b64decode(piece)
            held_s = min(number * size, len(sentence)) / OUT_HZ - len(sent) / LINE_HZ
            talk.held_out_ms.append(held_s * 1000)
        _end(talk, sentence, sent)
    return talk


def _end(talk: LineTalk, sentence: Samples, sent: bytes) -> None:
    talk.lost_ms.append(max(0.0, (len(sentence) / OUT_HZ - len(sent) / LINE_HZ) * 1000))
    talk.sentences.append(LINE.decode(sent))


def _spread(values: list[float]) -> tuple[str, str, str]:
    return f"{min(values):.1f}", f"{float(np.mean(values)):.1f}", f"{max(values):.1f}"


def main() -> None:
    """Print a table."""
    people = recordings()
    messages = _messages(np.concatenate(people))
    # An answer ends with its last word: what follows it in a recording is of the room.
    spoken = [each[: voiced_end(each)] for each in people]
    sentences = [soxr.resample(each, RATE_HZ, OUT_HZ) for each in spoken]
    whole = recognised(spoken, RATE_HZ)
    columns = (
        *("line", "held back in, ms: least", "mean", "most", "out: least", "mean", "most"),
        *("never sent of a sentence, ms", "words wrong", "barge-in", "position heard"),
    )
    table = Table(*columns, box=box.MARKDOWN)
    talks = {
        "ours": ours(messages, sentences),
        f"Pipecat {pinned('pipecat', 'pipecat-ai')}": pipecat(messages, sentences),
    }
    for name, talk in talks.items():
        understood = recognised(talk.sentences, LINE_HZ)
        wrong = sum(word_errors(*each).errors for each in zip(whole, understood, strict=True))
        lost = ", ".join(f"{each:.0f}" for each in talk.lost_ms)
        words = sum(len(each.split()) for each in whole)
        table.add_row(
            *(name, *_spread(talk.held_in_ms), *_spread(talk.held_out_ms)),
            *(lost, f"{wrong} of {words}", talk.clears, talk.position),
        )
    Console(width=170).print(table)
    print(description())


if __name__ == "__main__":
    main()
