"""structlog without rich.

structlog imports rich wherever it is installed, for tracebacks that are not used here. That would
take 70 ms of every start, and 3 MiB.
"""

import sys

_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
try:
    import structlog
finally:
    if _rich is None:
        del sys.modules["rich"]
    else:
        sys.modules["rich"] = _rich

__all__ = ["structlog"]
