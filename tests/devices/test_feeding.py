"""What feeds a speaker loses nothing, however late the speaker comes to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zmq
from feeding import CHUNK_SAMPLES, PATIENCE_MS, feeder

from pipeline.bus.endpoint import ipc_address

BLOCKS = 1500
"""A minute; ZeroMQ keeps 1000 for a reader unless it is told otherwise."""


def test_a_minute_sent_at_once_arrives_whole(tmp_path: Path) -> None:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    reader = context.socket(zmq.SUB)
    reader.setsockopt(zmq.RCVHWM, 1)
    reader.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
    for port in ("audio", "answer"):
        reader.subscribe(port)
    try:
        with feeder(tmp_path, "stand_in") as feeding:
            reader.connect(ipc_address(tmp_path, "stand_in"))
            feeding.wait_for("audio", "answer")
            feeding.answer(np.zeros(BLOCKS * CHUNK_SAMPLES, np.int16))
            ports = [reader.recv_multipart()[0] for _ in range(BLOCKS + 1)]
    finally:
        reader.close(linger=0)
        context.destroy(linger=0)
    assert ports == [b"audio"] * BLOCKS + [b"answer"]
