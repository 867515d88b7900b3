"""Take the microphone's place: be_the_microphone.py RUNTIME_DIR FILE.wav (16 kHz mono)."""

import sys
import time
import wave

import msgpack
import zmq

socket = zmq.Context().socket(zmq.XPUB)
socket.bind(f"ipc://{sys.argv[1]}/microphone")
missing = {b"\x01@vad:audio", b"\x01@live:audio"}  # what the consumers subscribe to
while missing:
    missing.discard(socket.recv())
sound = wave.open(sys.argv[2]).readframes(-1) + bytes(64_000)  # two seconds of silence
start_ns = time.monotonic_ns()
for index in range(len(sound) // 640):
    due_ns = start_ns + (index + 1) * 20_000_000
    time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
    frame = {"v": 1, "type": "audio", "session": "local", "origin_ns": due_ns}
    frame["position"] = index * 320
    frame["pcm"] = sound[index * 640 : index * 640 + 640]
    socket.send_multipart([b"audio", msgpack.packb(frame)])
socket.close(linger=1000)
