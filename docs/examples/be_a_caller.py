"""Bring a caller, and hang up: be_a_caller.py RUNTIME_DIR NAME FILE.wav SECONDS.

Like be_the_microphone.py it takes the microphone's place; so long it waits for the answer.
"""

import sys
import time
import wave

import msgpack
import zmq

socket = zmq.Context().socket(zmq.XPUB)
socket.bind(f"ipc://{sys.argv[1]}/microphone")
missing = {b"\x01@vad:audio", b"\x01@supervisor:sessions"}
while missing:
    missing.discard(socket.recv())


def send(port: bytes, **fields: object) -> None:
    """Publish a frame of the caller's session."""
    socket.send_multipart([port, msgpack.packb({"v": 1, "session": sys.argv[2], **fields})])


manner = {"instruction": "Answer briefly.", "language": "en-US", "labels": {"business": "42"}}
send(b"sessions", type="session_opened", plays=False, **manner)
sound = wave.open(sys.argv[3]).readframes(-1) + bytes(64_000)  # two seconds of silence
for index in range(len(sound) // 640):
    pcm = sound[index * 640 : index * 640 + 640]
    send(b"audio", type="audio", position=index * 320, pcm=pcm, origin_ns=time.monotonic_ns())
    time.sleep(0.02)
time.sleep(float(sys.argv[4]))  # the answer is on live.audio, under the caller's name
send(b"sessions", type="session_ended", reason="hung_up")
socket.close(linger=1000)
