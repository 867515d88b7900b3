"""Objects that are not counted any more, so that forked processes go on sharing their pages.

CPython writes to an object whenever somebody refers to it or lets it go. A forked child thereby
copies most of the pages it only reads from: 3 to 10 MiB in each process of a pipeline. Since 3.12
CPython leaves alone the count of an object whose count is the highest (PEP 683, "immortal"). What
was imported before the fork lives as long as the process anyway, so it is given that count here.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from array import array
from types import FunctionType

VERSIONS = ((3, 12), (3, 13))
"""Those with this layout of an object's head; 3.14 has another one."""
COUNT = b"\xff\xff\xff\xff"
"""_Py_IMMORTAL_REFCNT of CPython's Include/object.h, in the lower half of the count."""
ITEMS_OFFSET_BYTES = 24
"""Of `ob_item` in a list: after count, type and size. CPython's Include/cpython/listobject.h."""
ADDRESS_BYTES = 8
IOV_MAX = 1024
"""Places that one `preadv` fills at most. Linux, include/uapi/linux/uio.h."""
IOVEC_BYTES = 16
"""Address and length."""


def can_be_immortal() -> bool:
    """Whether this interpreter is one whose counts can be set from here."""
    return (
        sys.implementation.name == "cpython"
        and sys.version_info[:2] in VERSIONS
        and sys.platform == "linux"
        and sys.byteorder == "little"
        and sys.maxsize > 2**32
        and not sys.abiflags  # "d" checks its counts, "t" has two of them.
    )


def make_immortal() -> bool:
    """Stop counting what is in use now: to be called just before `gc.freeze` and a fork.

    Reaches what the garbage collector has not frozen yet, and the code of its functions. All that
    these refer to would take four times as long and save nothing: most of it is immortal anyway.
    Takes 10 ms for 100 000 objects. Returns False where it cannot be done.
    """
    if not can_be_immortal():
        return False
    tracked = gc.get_objects()
    # Code is not tracked.
    _mark(tracked + [each.__code__ for each in tracked if type(each) is FunctionType])
    return True


def _mark(objects: list[object]) -> None:
    """Set the counts without a step of Python for each: there are a hundred thousand.

    The kernel writes them, as it scatters what is read from a file over many places: a thousand
    in a call, and without numpy, which not every process needs.
    """
    preadv = ctypes.CDLL(None, use_errno=True).preadv
    preadv.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_long)
    preadv.restype = ctypes.c_ssize_t
    items = ctypes.c_size_t.from_address(id(objects) + ITEMS_OFFSET_BYTES).value
    addresses = array("Q", ctypes.string_at(items, len(objects) * ADDRESS_BYTES))
    places = array("Q", [len(COUNT)]) * (2 * len(addresses))
    places[::2] = addresses
    first, _ = places.buffer_info()
    with os.fdopen(os.memfd_create("greenroom"), "wb", buffering=0) as counts:
        counts.write(COUNT * IOV_MAX)
        for start in range(0, len(addresses), IOV_MAX):
            number = min(IOV_MAX, len(addresses) - start)
            place = first + start * IOVEC_BYTES
            if preadv(counts.fileno(), place, number, 0) != number * len(COUNT):
                error = ctypes.get_errno()
                raise OSError(error, os.strerror(error))
