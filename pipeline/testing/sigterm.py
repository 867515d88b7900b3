"""SIGTERM for whoever has started processes: by default Python ends at once, and leaves them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Within it the first SIGTERM raises KeyboardInterrupt, as SIGINT does; others do nothing.

    `timeout` sends it twice, to the process and to its group: what ends in order is not to be cut
    short. Where there is a handler already, and outside the main thread, nothing changes.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt
