"""The rows of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One figure of a run.

    Attributes:
        name: As the kinds of runs call it.
        kind: The kind of run that it comes from.
        label: For the reader.
        unit: Of the values.
        higher_is_better: Only where more is what one wants.
    """

    name: str
    kind: str
    label: str
    unit: str
    higher_is_better: bool = False


METRICS = (
    Metric("up_p50", "listen", "audio up, p50", "ms"),
    Metric("up_p99", "listen", "audio up, p99", "ms"),
    Metric("down_p50", "down", "audio down, p50", "ms"),
    Metric("down_worst", "down", "audio down, worst of 8", "ms"),
    Metric("barge_in_p50", "barge_in", "barge-in, p50", "ms"),
    Metric("barge_in_worst", "barge_in", "barge-in, worst of 6", "ms"),
    Metric("barge_in_missed", "barge_in", "barge-in, phrases of 6 that did not interrupt", ""),
    Metric("fault", "fault", "quota fault in mid-utterance to first fallback sound", "ms"),
    Metric("fault_heard", "fault", "share of that utterance that the stand-in got", "%", True),
    Metric("stall", "stall", "gap in playback, 500 ms block", "ms"),
    Metric("cpu", "listen", "processor time a session-minute, listening", "s"),
    Metric("memory", "listen", "memory, all processes", "MiB"),
    Metric("startup", "startup", "process start to first audio at the server", "ms"),
)
