"""The tables of this package, read when this is imported.

Actors preload it: then the tables are read once for all processes, before the fork, and not only
when a fault has happened and somebody waits for an answer (40 ms).
"""

from actors.backends.gemini.faults import rows
from actors.backends.gemini.live.capabilities import capabilities

capabilities()
rows()
