"""Whether the system gives a process the threads that it needs."""

from __future__ import annotations

import threading

from pipeline.errors import NO_THREAD, GreenroomError, is_out_of_threads

LEAST = 4
"""Two of ZeroMQ, one that looks up names, one to spare."""


def require_threads() -> None:
    """Return if this process can have a few more threads; they are not kept.

    ZeroMQ, when it gets none, ends the process without a word that helps.

    Raises:
        GreenroomError: the system gives no more.
    """
    over = threading.Event()
    threads: list[threading.Thread] = []
    try:
        for _ in range(LEAST):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except RuntimeError as error:
        if not is_out_of_threads(error):
            raise
        raise GreenroomError(NO_THREAD) from error
    finally:
        over.set()
        for each in threads:
            each.join()
