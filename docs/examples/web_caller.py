"""Ask with a WAV file (16 bits, mono), and write the answer into another.

python web_caller.py question.wav answer.wav
"""

import asyncio
import base64
import json
import sys
import wave

import websockets


async def main(question: str, answer: str) -> None:
    async with websockets.connect("ws://127.0.0.1:3000/ws/live-audio") as socket:
        await socket.send(json.dumps({"type": "start_session", "voice": "Kore"}))
        with wave.open(question) as file:
            rate, pcm = file.getframerate(), file.readframes(file.getnframes())
        for at in range(0, len(pcm), rate // 5):  # 100 ms at a time.
            data = base64.b64encode(pcm[at : at + rate // 5]).decode()
            chunk = {"type": "audio_chunk", "format": "pcm", "sample_rate": rate, "data": data}
            await socket.send(json.dumps(chunk))
            await asyncio.sleep(0.1)
        with wave.open(answer, "wb") as file:
            file.setparams((1, 2, 24_000, 0, "NONE", ""))
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "audio":
                    file.writeframes(base64.b64decode(message["data"]))
                elif message["type"] == "turn_complete":
                    return
                else:
                    print(message)


asyncio.run(main(*sys.argv[1:]))
