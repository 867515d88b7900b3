"""Write what live.audio carries to a file: tap_the_answer.py RUNTIME_DIR OUT.pcm SECONDS."""

import sys

import msgpack
import zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(f"ipc://{sys.argv[1]}/live")
socket.setsockopt(zmq.SUBSCRIBE, b"audio")
print("listening", flush=True)
with open(sys.argv[2], "wb") as out:
    while socket.poll(float(sys.argv[3]) * 1000):
        topic, payload = socket.recv_multipart()
        if topic == b"audio":
            out.write(msgpack.unpackb(payload)["pcm"])
socket.close()
