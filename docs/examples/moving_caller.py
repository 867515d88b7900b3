"""Ask with a WAV file (16 kHz, 16 bits, mono) over a connection that may be lost at any moment.

python moving_caller.py question.wav ws://127.0.0.1:3000/ws/live-audio
"""

import asyncio
import sys
import wave
from typing import Any

from actors.lib.moving_caller import MovingCaller


async def main(question: str, url: str) -> None:
    """Say the file at its pace, and then silence until the answer is complete."""
    answered = asyncio.Event()

    def take(message: dict[str, Any] | bytes) -> None:
        if isinstance(message, dict):
            print(message)
            if message["type"] == "turn_complete":
                answered.set()

    caller = MovingCaller(url, take)
    holding = asyncio.create_task(caller.run())
    with wave.open(question) as file:
        pcm = file.readframes(-1)
    at = 0
    while not answered.is_set():
        caller.say(pcm[at : at + 640].ljust(640, b"\0"))
        at += 640
        await asyncio.sleep(0.02)
    holding.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
