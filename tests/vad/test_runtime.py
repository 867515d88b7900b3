"""onnxruntime as this project imports it."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os
from actors.vad.silero.runtime import onnxruntime
print(len(os.listdir("/proc/self/task")))
"""


def test_importing_onnxruntime_starts_no_thread_and_leaves_no_telemetry(tmp_path: Path) -> None:
    # One thread of OpenBLAS for each core would hide that of the telemetry.
    environment = {**os.environ, "HOME": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])

    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "1"
    assert list(tmp_path.iterdir()) == []
