"""The models that are to be had, as the service listed them: decides, does nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.gemini.models import ListedModel
from pipeline.errors import ConfigError, did_you_mean
from pipeline.frames import FaultClass

METHOD = "generateContent"
"""What a model must offer to be asked over HTTP, streamed or not."""
LIVE_MODEL = re.compile("live|native-audio")
"""In the names of all Live models published until November 2026, and of no others."""


@dataclass(frozen=True)
class Listing:
    """What is known of the models; empty before there was an answer."""

    models: Sequence[ListedModel] = ()

    def model_for(self, wanted: str, usual: str) -> str:
        """Return the model to use where this one is wanted; without a list, any may exist.

        Args:
            wanted: By a session.
            usual: That of the options.

        Raises:
            ConfigError: there is none; names the nearest.
        """
        name = wanted.removeprefix("models/")
        known = {model.name: model for model in self.models}
        if wanted == usual or not known:
            return wanted
        if name in known:
            # One without: the session named it for another backend, and is answered all the same.
            return wanted if METHOD in known[name].methods else usual
        if LIVE_MODEL.search(name):
            # Previews and aliases of Live models are taken, and not listed.
            return usual
        raise ConfigError(f"no model {wanted!r} for {METHOD}: {did_you_mean(name, known)}")

    def missing(self, wanted: str) -> FaultInfo | None:
        """Return what is wrong with a model; None if it is listed."""
        names = [model.name for model in self.models if METHOD in model.methods]
        if wanted.removeprefix("models/") in names:
            return None
        reason = f"no model {wanted!r} for {METHOD}: {did_you_mean(wanted, names)}"
        advice = "`greenroom models` lists the models there are."
        return FaultInfo(FaultClass.MODEL, FaultAction.STOP, 404, reason, advice)
