"""Objects that are not counted any more, so that forked processes go on sharing their pages.

CPython writes to an object whenever somebody refers to it or lets it go. A forked child thereby
copies most of the pages it only reads from: 3 to 10 MiB in each process of a pipeline. Since 3.12
CPython leaves alone the count of an object whose count is the highest (PEP 683, "immortal"). What
was imported before the fork lives as long as the process anyway, so it is given that count here.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from itertools import chain
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSIONS = ((3, 12), (3, 13))
"""Those with this layout of an object's head; 3.14 has another one."""
COUNT = 0xFFFFFFFF
"""_Py_IMMORTAL_REFCNT of CPython's Include/object.h, in the lower half of the count."""
COUNT_BYTES = 4
ITEMS_OFFSET_BYTES = 24
"""Of `ob_item` in a list: after count, type and size. CPython's Include/cpython/listobject.h."""
AT_ONCE = 10_000
"""Objects whose referents are looked at together: more take more memory, fewer more time."""


def can_be_immortal() -> bool:
    """Whether this interpreter is one whose counts can be set from here."""
    return (
        sys.implementation.name == "cpython"
        and sys.version_info[:2] in VERSIONS
        and sys.byteorder == "little"
        and sys.maxsize > 2**32
        and not sys.abiflags  # "d" checks its counts, "t" has two of them.
    )


def make_immortal() -> bool:
    """Stop counting what is in use now: to be called just before `gc.freeze` and a fork.

    Reaches what the garbage collector has not frozen yet, what that refers to, and the code of
    its functions. Takes 50 ms for 100 000 objects. Returns False where it cannot be done.
    """
    if not can_be_immortal():
        return False
    tracked = gc.get_objects()
    _mark(tracked)
    for start in range(0, len(tracked), AT_ONCE):
        _mark(gc.get_referents(*tracked[start : start + AT_ONCE]))
    codes = [each.__code__ for each in tracked if type(each) is FunctionType]
    while codes:
        # Code is not tracked, and does not tell the collector of its constants either.
        constants = list(chain.from_iterable([code.co_consts for code in codes]))
        _mark(constants)
        codes = [each for each in constants if type(each) is CodeType]
    return True


def _mark(objects: list[object]) -> None:
    """Set the counts, without a Python number for each address: there are half a million."""
    if not objects:
        return
    # Not before the fork server has told it to do without threads.
    import numpy as np

    items = ctypes.c_size_t.from_address(id(objects) + ITEMS_OFFSET_BYTES).value
    addresses: NDArray[np.int64] = np.ctypeslib.as_array(
        (ctypes.c_int64 * len(objects)).from_address(items)
    )
    lowest = int(addresses.min())
    words = (int(addresses.max()) - lowest) // COUNT_BYTES + 1
    counts = np.ctypeslib.as_array((ctypes.c_uint32 * words).from_address(lowest))
    counts[(addresses - lowest) // COUNT_BYTES] = COUNT
