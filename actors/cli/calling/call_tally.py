"""What became of a call, in figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from actors.cli.calling.happening import Happening, What


@dataclass
class CallTally:
    """Counts what happens.

    Attributes:
        latencies_ms: Of each answer, from the person's last word to its first sound.
        gaps_ms: Times in which the line ran dry in an answer.
        cuts_ms: From a word into an answer to the answer's last sound.
        left_ms: What waited at each clear.
        marks: That were asked for.
        marks_back: That were given back.
        dropped_ms: Sound that was lost because the queue was full.
        most_waiting_ms: Of sound in the queue.
        heard_s: How long the line was up.
        faults: What the provider would refuse, or drop.
        errors: What the server said is wrong.
        hung_up_by: Who ended the call: caller, server or provider.
        why: What was said about it.
    """

    latencies_ms: list[float] = field(default_factory=list)
    gaps_ms: list[float] = field(default_factory=list)
    cuts_ms: list[float] = field(default_factory=list)
    left_ms: list[float] = field(default_factory=list)
    marks: int = 0
    marks_back: int = 0
    dropped_ms: float = 0.0
    most_waiting_ms: float = 0.0
    heard_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    hung_up_by: str = ""
    why: str = ""

    def count(self, happening: Happening) -> None:
        """Count one."""
        values: Any = happening.values
        match happening.what:
            case What.ANSWER if "latency_ms" in values:
                self.latencies_ms.append(values["latency_ms"])
            case What.GAP:
                self.gaps_ms.append(values["ms"])
            case What.CUT:
                self.cuts_ms.append(values["after_ms"])
            case What.CLEAR:
                self.left_ms.append(values["left_ms"])
            case What.MARK:
                self.marks += 1
            case What.MARK_BACK:
                self.marks_back += 1
            case What.DROPPED:
                self.dropped_ms += values["ms"]
            case What.FAULT:
                self.faults.append(values["text"])
            case What.ERROR:
                self.errors.append(f"{values['code']} {values['text']}".strip())
            case What.HUNG_UP:
                self.hung_up_by, self.why = values["by"], values["why"]
                self.heard_s = happening.at_s

    @property
    def is_clean(self) -> bool:
        """Whether the real provider would have taken all of it."""
        return not self.faults and not self.dropped_ms

    def as_json(self) -> dict[str, Any]:
        """Return the figures for programs."""
        return {"what": "summary", **rounded(asdict(self))}

    def lines(self) -> list[str]:
        """Return the figures in words."""
        lines = [
            f"call of {self.heard_s:.1f} s, hung up by the {self.hung_up_by or 'person'}",
            _spread("from your last word to the answer", self.latencies_ms),
            _spread("answers cut after you spoke", self.cuts_ms),
            f"gaps heard: {len(self.gaps_ms)}"
            + (f", the longest {max(self.gaps_ms):.0f} ms" if self.gaps_ms else ""),
            f"waiting at the provider: {self.most_waiting_ms:.0f} ms at most"
            + (f", {max(self.left_ms):.0f} ms at a clear" if self.left_ms else ""),
            f"marks: {self.marks} asked for, {self.marks_back} back" if self.marks else "",
            f"lost in a full queue: {self.dropped_ms:.0f} ms" if self.dropped_ms else "",
            f"errors told by the server: {len(self.errors)}" if self.errors else "",
            ""
            if self.is_clean
            else f"faults: {len(self.faults)}; the real provider would not take this",
        ]
        return [line for line in lines if line]


def _spread(name: str, values: list[float]) -> str:
    if not values:
        return ""
    shown = ", ".join(f"{value:.0f}" for value in values)
    return f"{name}: {shown} ms"


def rounded(value: Any) -> Any:
    """Return figures without digits that mean nothing."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return value
