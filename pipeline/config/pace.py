"""Deadlines of answers, at the pace of the machine."""

from __future__ import annotations

from pipeline.config.model import LedgerConfig, PipelineConfig, RouteConfig


def at_pace(config: PipelineConfig, slowness: float) -> PipelineConfig:
    """Return a config whose deadlines of answers a slow machine can keep.

    The defaults fit a usual machine. On one on which models are slower, every backend would be
    given up before it can have answered, those on the device too. The deadlines that a backend has
    of its own grow by `Options.at_pace`.

    Args:
        config: As it was written.
        slowness: How many times longer than usual models take; 1 changes nothing.
    """
    if slowness == 1:
        return config
    route, ledger = config.route, config.ledger
    slower_route = RouteConfig(
        backends=route.backends,
        first_sound_s=route.first_sound_s * slowness,
        standby_first_sound_s=route.standby_first_sound_s * slowness,
        stall_s=route.stall_s * slowness,
        degraded_s=route.degraded_s * slowness,
        stable_s=route.stable_s,
    )
    slower_ledger = LedgerConfig(
        speech_deadline_s=ledger.speech_deadline_s * slowness,
        answer_deadline_s=ledger.answer_deadline_s * slowness,
        stall_deadline_s=ledger.stall_deadline_s * slowness,
    )
    return config.model_copy(update={"route": slower_route, "ledger": slower_ledger})
