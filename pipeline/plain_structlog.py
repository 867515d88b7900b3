"""structlog without rich.

structlog imports rich wherever it is installed, for tracebacks that are not used here. That would
take 40 ms of every start.
"""

from pipeline.absent import absent

with absent("rich"):
    import structlog

__all__ = ["structlog"]
