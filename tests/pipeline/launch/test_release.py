"""What only the start needed is given back; libraries are read again when they are needed."""

from __future__ import annotations

import subprocess
import sys

FREE_BETWEEN = """
import ctypes, re, sys
from pathlib import Path
from pipeline.launch.release import release_free_memory

def anonymous_kib():
    return int(re.search(r"Anonymous: *([0-9]+)", Path("/proc/self/smaps_rollup").read_text())[1])

# Half of 64 MiB is freed, in pieces too small to be mapped one by one.
pieces = [bytearray(64 * 1024) for _ in range(1024)]
for index in range(0, len(pieces), 2):
    pieces[index] = None
full_kib = anonymous_kib()
release_free_memory()
print(full_kib - anonymous_kib(), hasattr(ctypes.CDLL(None), "malloc_trim"))
assert sum(map(len, filter(None, pieces))) == 512 * 64 * 1024
"""
SCRIPT = """
import re
from pathlib import Path
import cv2, numpy
from pipeline.launch.release import release_file_pages

def of_files_kib():
    fields = dict(re.findall(r"(\\w+): *([0-9]+) kB", Path("/proc/self/smaps_rollup").read_text()))
    return int(fields["Rss"]) - int(fields["Anonymous"])

picture = numpy.random.default_rng(1).integers(0, 255, (64, 64, 3), numpy.uint8)
jpeg = cv2.imencode(".jpg", picture)[1]
before_kib = of_files_kib()
released_kib = release_file_pages()
print(before_kib, released_kib, of_files_kib())
assert (cv2.imencode(".jpg", picture)[1] == jpeg).all()
assert numpy.linalg.inv(numpy.eye(3)).trace() == 3
"""


def test_pages_of_libraries_are_given_back_and_come_again_when_needed() -> None:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    before_kib, released_kib, after_kib = map(int, result.stdout.split())
    assert released_kib > 0
    assert after_kib < before_kib - released_kib / 2


def test_what_is_free_between_allocations_is_given_back_where_the_system_can() -> None:
    result = subprocess.run(
        [sys.executable, "-c", FREE_BETWEEN], check=True, capture_output=True, text=True
    )
    released_kib, can_trim = result.stdout.split()
    assert can_trim == "False" or int(released_kib) > 24 * 1024
