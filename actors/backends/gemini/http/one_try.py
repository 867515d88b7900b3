"""One try of a request: what the network, google-genai and a silence mean, as a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actors.backends.fault_info import FaultInfo
from actors.backends.gemini.close_reason import (
    ODD_FRAMES,
    close_reason_of,
    network_errors,
    not_json,
)
from actors.backends.gemini.faults import CloseReason, FaultSource, classify
from actors.backends.gemini.http.retry import with_daily_quota


class TryFailedError(Exception):
    """One try of several failed.

    Args:
        info: On the fault.
    """

    def __init__(self, info: FaultInfo) -> None:
        super().__init__(str(info))
        self.info = info


@asynccontextmanager
async def judged(timeout_s: float, silence: str, via: str) -> AsyncIterator[None]:
    """Raise `TryFailedError` for what the network and google-genai raise, and for a silence.

    Args:
        timeout_s: Of silence.
        silence: What it was, for the complaint.
        via: Way to the service, if it is not direct.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError as error:
        raise TryFailedError(_local(f"no event: {silence}")) from error
    except network_errors() as error:
        info = classify(close_reason_of(error, via))
        raise TryFailedError(with_daily_quota(info, getattr(error, "details", None))) from error
    except ODD_FRAMES as error:
        raise TryFailedError(_local(f"the response is {not_json(error)}")) from error


def _local(reason: str) -> FaultInfo:
    return classify(CloseReason(FaultSource.LOCAL, None, reason))
