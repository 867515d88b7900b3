from __future__ import annotations

from pathlib import Path

import pytest

from actors.backends.gemini.wire import schema

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "gateway.md"
MESSAGES = (
    "BidiGenerateContentSetup",
    "GenerateContentRequest",
    "GenerationConfig",
    "Tool",
    "SpeechConfig",
)
INSIDE = {"generationConfig", "tools", "voiceConfig", "_responseJsonSchema"}
"""Said by what is in them, or another spelling."""


@pytest.mark.parametrize("message", MESSAGES)
def test_of_every_field_it_is_said_what_becomes_of_it(message: str) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("### What is passed on")[2]
    said = text.partition("\n## ")[0]
    fields = schema().messages[message].fields.keys() - INSIDE
    assert {field for field in fields if f"`{field}`" not in said} == set()
