"""What a long-running command writes: it never waits for it, and nothing of it can end it.

A disk may be full, a terminal stopped, a pipe unread, a log removed. So nobody writes there but a
thread for each output; the actors write into pipes that are always read. What cannot be written
is counted, and told in the status.
"""

from pipeline.outlets.log_file import LogFile
from pipeline.outlets.outlet import Outlet
from pipeline.outlets.outputs import Outputs

__all__ = ["LogFile", "Outlet", "Outputs"]
