"""What the pipelines under test speak with; importing it starts no thread, so that it is shared.

What they hear with does: each loads it anew.
"""

from __future__ import annotations

import moonshine_voice  # noqa: F401

from actors.lib.speech.synthesizer import synthesize

synthesize("Hi.")
