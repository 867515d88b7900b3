"""What callers are told when nobody can answer, in their languages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from actors.lib.audio.pcm import Samples
from actors.outputs.playout.failure_prompt import load_failure_prompt
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.languages import languages_of


class FailurePrompts:
    """Sound by language.

    Args:
        files: By BCP-47 code; one without a region is for all regions.
        config_dir: Where their paths begin.

    Raises:
        ConfigError: one cannot be read, or there is nothing in it.
    """

    def __init__(self, files: Mapping[str, Path], config_dir: Path) -> None:
        self._prompts = {
            code.lower(): load_failure_prompt(config_dir / path, RATE_HZ)
            for code, path in files.items()
        }

    def of(self, language: str | None) -> Samples | None:
        """Return the prompt in a language; None if there is none."""
        named = languages_of(language)
        code = named[0].lower().replace("_", "-") if named else ""
        while code:
            if code in self._prompts:
                return self._prompts[code]
            code = code.rpartition("-")[0]
        return None
