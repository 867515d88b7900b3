"""Signatures of thoughts, which a history has to carry where a model demands them."""

from collections.abc import Sequence

from actors.backends.gemini.wire import decode_base64, encode_base64, invalid
from actors.backends.gemini.wire.contents import Content

# Documented: a history that comes from elsewhere may carry one of these for a signature.
PLACEHOLDERS = frozenset(
    {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}
)
SIGNED = b"simulated thought "


def signature(number: int) -> str:
    """A thoughtSignature; `number` tells the response from others."""
    return encode_base64(SIGNED + str(number).encode())


def check_signatures(contents: Sequence[Content]) -> None:
    """Raises Invalid if a call of the current turn carries none, or one that is not ours."""
    for index in range(turn_start(contents), len(contents)):
        calls = [part for part in contents[index]["parts"] if "functionCall" in part]
        if not calls:
            continue
        given = calls[0].get("thoughtSignature")
        if not given:
            name = calls[0]["functionCall"]["name"]
            raise invalid(
                "Function call is missing a thought_signature in functionCall parts. This is "
                "required for tools to work correctly, and missing thought_signature may lead to "
                "degraded model performance. Additional data, function call "
                f"`default_api:{name}` , position {index + 1}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )
        if not _genuine(str(given)):
            raise invalid("Corrupted thought signature.")


def turn_start(contents: Sequence[Content]) -> int:
    """Where the current turn begins: at what the user said last that is no function's response."""
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        if content.get("role") == "model":
            continue
        if any("functionResponse" not in part for part in content["parts"]):
            return index
    return 0


def _genuine(given: str) -> bool:
    if given in PLACEHOLDERS:
        return True
    try:
        decoded = decode_base64(given)
    except ValueError:
        return False
    return decoded.startswith(SIGNED) or decoded.decode(errors="replace") in PLACEHOLDERS
