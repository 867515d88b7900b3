"""What the start touched of the libraries is given back, and read again when it is needed."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import re
from pathlib import Path
import cv2, numpy
from pipeline.file_pages import release_file_pages

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
