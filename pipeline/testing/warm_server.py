"""The process that pipelines under test are forked from: it has imported what they need.

It starts no thread, so that forking it is safe. When whoever tests is gone it ends; the pipelines
do not, as those do not that were started without it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pkgutil
import signal
import socket
import sys
from importlib.metadata import entry_points
from pathlib import Path

from pipeline.launch.fork_server import import_shared, keep_to_one_thread, requests
from pipeline.registry import builtin_names, find_actor
from pipeline.testing.start_request import COMMAND, StartRequest

MAX_REQUEST_BYTES = 131_072
"""Of one message: the arguments and the whole environment. Linux takes 208 KiB at once."""
DESCRIPTORS = 2
"""With each request: where the output goes, and where it is said how the process is."""
OF_RUN = ("pipeline.cli.run", "pipeline.supervision.run", "pipeline.supervision.supervisor")
"""What `run` imports once it has read its config."""


class WarmServer:
    """Forks, and says of each process its pid and, when it has ended, its exit status."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}
        """Pid by the descriptor that becomes readable when the process ends."""
        self._reports: dict[int, int] = {}
        """Where its end is reported, by pid."""

    def serve(self) -> StartRequest | None:
        """Serve until nobody asks any more; in a fork, return what is to be run there."""
        for message, descriptors in requests(
            self._control, self._children, self._reaped, MAX_REQUEST_BYTES, DESCRIPTORS
        ):
            request = StartRequest.unpack(message)
            if self._fork(request, *descriptors):
                return request
        return None

    def _fork(self, request: StartRequest, output: int, reports: int) -> bool:
        pid = os.fork()
        if pid:
            os.close(output)
            self._children[os.pidfd_open(pid)] = pid
            self._reports[pid] = reports
            _report(reports, pid)
            return False
        self._control.close()
        for each in (*self._children, *self._reports.values(), reports):
            os.close(each)
        _become(request, output)
        return True

    def _reaped(self, pid: int, code: int) -> None:
        reports = self._reports.pop(pid)
        _report(reports, code)
        os.close(reports)


def _report(reports: int, number: int) -> None:
    # A test may end without asking how its pipeline did.
    with contextlib.suppress(BrokenPipeError):
        os.write(reports, b"%d" % number)


def _become(request: StartRequest, output: int) -> None:
    """Have what a process of its own would have been started with."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    installed = Path(sys.executable).parent
    sys.path[0] = str(installed)
    sys.argv = [str(installed / COMMAND), *request.command]
    gc.enable()


def import_all() -> None:
    """Import what `run` and the actors that come with greenroom need.

    It only saves time: what is not installed, or no module to import, is left to those who need it.
    """
    import_shared()
    for module in OF_RUN:
        importlib.import_module(module)
    for name in builtin_names():
        found = find_actor(name, Path())
        package = sys.modules[found.__module__.removesuffix(".actor")]
        inside = pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}.")
        for module in (*found.preload, *(each.name for each in inside)):
            with contextlib.suppress(Exception):
                importlib.import_module(module)


def main() -> None:
    """Entry point: `python -m pipeline.testing.warm_server FD PATH MODULE...`.

    PATH is where the modules are looked for, and only they: a pipeline has its own.
    """
    gc.disable()
    # Control-C is for whoever tests.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_to_one_thread()
    (command,) = entry_points(group="console_scripts", name=COMMAND)
    run = command.load()
    import_all()
    own_path = sys.path[:]
    sys.path += sys.argv[2].split(os.pathsep)
    for module in sys.argv[3:]:
        importlib.import_module(module)
    sys.path[:] = own_path
    gc.freeze()
    if WarmServer(socket.socket(fileno=int(sys.argv[1]))).serve() is not None:
        run()


if __name__ == "__main__":
    main()
