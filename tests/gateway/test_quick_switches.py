from __future__ import annotations

import sys

from gateway_client import gateway_on_stage

from actors.gateway.quick_switches import SWITCH_S


def test_while_callers_are_served_no_thread_keeps_the_loop_waiting_for_long() -> None:
    before_s = sys.getswitchinterval()
    assert before_s > SWITCH_S
    with gateway_on_stage() as gateway:
        assert gateway.request("GET", "/healthz")[0] == 200
        assert abs(sys.getswitchinterval() - SWITCH_S) < 1e-6
    assert sys.getswitchinterval() == before_s
