"""Reports of use, as backends send them."""

from __future__ import annotations

from pipeline.frames import Usage


def usage(
    seq: int = 0,
    *,
    backend: str = "live",
    model: str = "gemini-3.8-live",
    boot: int = 1,
    total: int = 0,
    given: dict[str, int] | None = None,
    made: dict[str, int] | None = None,
) -> Usage:
    """By default: 1,000 tokens of speech in and 1,000 out, which is 0.015 USD."""
    return Usage(
        turn=f"local:{seq}",
        epoch=1,
        backend=backend,
        model=model,
        input_tokens={"audio": 1000} if given is None else given,
        output_tokens={"audio": 1000} if made is None else made,
        total_tokens=total,
        boot=boot,
        seq=seq,
    )
