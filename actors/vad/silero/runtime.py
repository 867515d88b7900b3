"""onnxruntime without its telemetry.

Its wheels for Linux report to Microsoft unless this is set before the first import; the thread
that does so would also keep a forked process from ending.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

__all__ = ["onnxruntime"]
