"""How long to wait before the next attempt."""

from __future__ import annotations

from collections.abc import Callable


def wait_s(failures: int, first_s: float, max_s: float, random: Callable[[], float]) -> float:
    """Return the wait after so many failures in a row: doubled each time, up to `max_s`.

    Half of it is drawn at random, so that many clients do not come back at once.

    Args:
        failures: Failures in a row, from 1.
        first_s: Wait after the first one, before the jitter.
        max_s: The longest wait.
        random: Gives a number from 0 up to 1.
    """
    # 2**40 s is far beyond any max_s; the cap keeps the power a small number.
    full_s = min(max_s, first_s * 2.0 ** min(failures - 1, 40))
    return full_s * (0.5 + 0.5 * random())
