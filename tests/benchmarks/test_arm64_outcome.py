"""Whether an emulated Raspberry Pi has answered."""

from __future__ import annotations

from benchmarks.arm64 import outcome

HEAD = "  turn         said                     answer                       by     outcome\n"
ROW = (
    "  local:4352   Go forward ten meters.   Moving forward ten meters.   live    807 ms   answered"
)


def test_only_a_row_of_the_table_of_turns_that_was_answered_counts() -> None:
    said = f"you: Go forward ten meters.\n{HEAD}{ROW}   \n\nended: every source has ended\n"
    assert outcome(said) == " ".join(ROW.split())
    assert outcome(said.replace("   answered", "   failed")) == ""
    assert outcome("you: Go forward ten meters.\ngemini: answered\n") == ""
    assert outcome(said.replace("forward ten", "away")) == ""
