"""What makes a process start fast, and end with its parent.

Actors are forked by a fork server that has imported what they share, and that is itself a fork of
the supervisor. What each means buys, with the robot of `configs/robot.yaml`, 13 processes
(`benchmarks/README.md` says how it was measured):

    means                                           buys
    fork_server: actors are forked after the        an actor starts in 2 ms instead of 100 to
      imports that they name (preload)                500 ms, and shares what was imported
    server_process: the fork server is itself       38 MiB
      forked from the supervisor
    no garbage collection in it, gc.freeze          pages stay shared; imports take a tenth
      before each fork                                less time
    pipeline.absent: libraries that only print      40 ms of every start
      are not imported
    prctl: the kernel ends a process with its       no orphan, not even after a SIGKILL of the
      parent                                          supervisor
    stall: the fork server is judged by the         a slow machine may import for as long as it
      processor time that it takes                    needs; one that hangs is replaced

Why not the forkserver of multiprocessing? It was tried in three ways with Python 3.13:

1. The context as it is. `Process.start` blocks until the fork server has forked, so a fork server
   that imports or hangs stops the supervisor too; nothing tells its progress. It is an interpreter
   of its own that shares nothing with the supervisor (38 MiB), and brings a resource tracker (6.5
   MiB). After a SIGKILL of the supervisor it and all its children live on, because each child
   holds the pipe whose end it waits for; after a SIGKILL of the fork server its children live on,
   and every one is reported with exit status 255.
2. With what is missing put on top of it, in a module that it preloads: the parent-death signal and
   the output can be set there. But the list of preloads is final before the config has been read,
   is imported whole before the first fork, and an exception in it that is no ImportError ends the
   fork server. That module would have to hold a protocol of its own, and the supervisor a thread
   for each start; the memory stays.
3. Only `Process` of the fork context, to start our own fork server. At its exit, also after an
   exception such as Control-C's, multiprocessing waits for it, while it waits for our exit.

So there is a fork server of our own: one socket, two questions (fork this; are you there), five
answers (importing, imported, born, died, alive).
"""
