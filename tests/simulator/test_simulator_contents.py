"""Contents that the service refuses over HTTP, in its words, and odd ones that it takes."""

import base64
from typing import Any

import pytest
from raw_http import generate, text_of
from simulating import MOVE, Scripted

TOOLS = [{"functionDeclarations": [MOVE]}]
ARGS = {"direction": "forward", "distance_m": 10}
SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
USER = {"role": "user", "parts": [{"text": "go forward ten meters"}]}
RESPONSE = {"functionResponse": {"name": "move", "response": {"result": "ok"}}}
ANSWERED = {"role": "user", "parts": [RESPONSE]}
MISSING = (
    "Function call is missing a thought_signature in functionCall parts. This is required for "
    "tools to work correctly, and missing thought_signature may lead to degraded model "
    "performance. Additional data, function call `default_api:move` , position 2. Please refer to "
    "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
)
UNEQUAL = (
    "Please ensure that the number of function response parts is equal to the number of function "
    "call parts of the function call turn."
)


def call(signature: str | None = SIGNATURE, times: int = 1) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"functionCall": {"name": "move", "args": ARGS}}] * times
    if signature is not None:
        parts = [{**parts[0], "thoughtSignature": signature}, *parts[1:]]
    return {"role": "model", "parts": parts}


def text(words: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": words}]}


REFUSED = [
    pytest.param([], "* GenerateContentRequest.contents: contents is not specified\n", id="none"),
    pytest.param(
        [{"role": "user", "parts": []}],
        "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n",
        id="no-parts",
    ),
    pytest.param(
        [USER, {"role": "user", "parts": [{"thought": True}]}],
        "* GenerateContentRequest.contents[1].parts[0].data: required oneof field 'data' must have "
        "one initialized field\n",
        id="empty-part",
    ),
    pytest.param(
        [{"parts": [{"text": "x", "inlineData": {}}]}],
        "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. "
        "Cannot set 'inlineData'",
        id="two-kinds",
    ),
    pytest.param(
        [{"parts": [{"txt": "hi"}]}],
        "Invalid JSON payload received. Unknown name \"txt\" at 'contents[0].parts[0]': "
        "Cannot find field.",
        id="unknown-part",
    ),
    pytest.param([text("x", "system"), USER], "Please use a valid role: user, model.", id="system"),
    pytest.param(
        [USER, text("x", "assistant"), USER], "Please use a valid role: user, model.", id="role"
    ),
    pytest.param(
        [ANSWERED],
        "Please ensure that function response turn comes immediately after a function call turn.",
        id="response-alone",
    ),
    pytest.param([USER, call(), text("never mind")], UNEQUAL, id="call-unanswered"),
    pytest.param([USER, call(times=2), ANSWERED], UNEQUAL, id="half-answered"),
    pytest.param(
        [USER, text("x", "model"), call(), ANSWERED],
        "Please ensure that function call turn comes immediately after a user turn or after a "
        "function response turn.",
        id="call-after-model",
    ),
    pytest.param(
        [USER, call(), {"parts": [{"functionResponse": {"response": {}}}]}],
        "* GenerateContentRequest.contents[2].parts[0].function_response.name: "
        "Name cannot be empty.\n",
        id="nameless",
    ),
    pytest.param([USER, call(None), ANSWERED], MISSING, id="unsigned"),
    pytest.param([USER, call("QUJD"), ANSWERED], "Corrupted thought signature.", id="corrupted"),
]


@pytest.mark.parametrize(("contents", "message"), REFUSED)
def test_contents_are_refused_in_the_words_of_the_service(
    scripted: Scripted, contents: Any, message: str
) -> None:
    reply = generate(scripted(), {"contents": contents, "tools": TOOLS})
    error = reply.json["error"]
    assert (reply.status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == message
    (detail,) = error["details"]
    assert detail["fieldViolations"][0]["description"] == message


TAKEN = [
    pytest.param({"contents": {"parts": {"text": "Hello"}}}, "You said: Hello", id="objects"),
    pytest.param({"contents": [{"parts": {"text": "Hello"}}]}, "You said: Hello", id="no-role"),
    pytest.param({"contents": [USER, text("Hi")]}, "You said: Hi", id="user-twice"),
    pytest.param(
        {
            "contents": [USER, call(SIGNATURE), ANSWERED],
            "tools": TOOLS,
            "system_instruction": {"parts": {"text": "Be brief."}},
        },
        "Moving forward ten meters.",
        id="placeholder-as-bytes",
    ),
    pytest.param(
        {"contents": [USER, call("skip_thought_signature_validator"), ANSWERED]},
        "Moving forward ten meters.",
        id="placeholder-as-text",
    ),
    pytest.param(
        {"contents": [USER, call(None), ANSWERED, text("Done.", "model"), text("Hi")]},
        "You said: Hi",
        id="unsigned-in-an-earlier-turn",
    ),
    pytest.param(
        {"contents": [USER, call(times=2), {"role": "function", "parts": [RESPONSE] * 2}]},
        "Moving forward ten meters. Moving forward ten meters.",
        id="parallel-calls-signed-once",
    ),
    pytest.param({"contents": [text("x", "model"), text("Hi")]}, "You said: Hi", id="model-begins"),
]


@pytest.mark.parametrize(("body", "answer"), TAKEN)
def test_odd_contents_are_taken(scripted: Scripted, body: Any, answer: str) -> None:
    assert text_of(generate(scripted(), body)) == answer


def test_call_is_signed_and_taken_back(scripted: Scripted) -> None:
    simulator = scripted()
    first = generate(simulator, {"contents": [USER], "tools": TOOLS})
    content = first.json["candidates"][0]["content"]
    (part,) = content["parts"]
    assert part["functionCall"]["args"] == ARGS
    assert part["functionCall"]["id"]
    assert part["thoughtSignature"]
    second = generate(simulator, {"contents": [USER, content, ANSWERED], "tools": TOOLS})
    assert text_of(second) == "Moving forward ten meters."


def test_older_models_neither_sign_nor_demand_it(scripted: Scripted) -> None:
    simulator = scripted()
    first = generate(simulator, {"contents": [USER], "tools": TOOLS}, "gemini-2.5-flash")
    content = first.json["candidates"][0]["content"]
    assert "thoughtSignature" not in content["parts"][0]
    body = {"contents": [USER, content, ANSWERED], "tools": TOOLS}
    assert text_of(generate(simulator, body, "gemini-2.5-flash")) == "Moving forward ten meters."


def test_text_is_signed_in_its_last_part(scripted: Scripted) -> None:
    simulator = scripted()
    body = {"contents": [text("Hello there, how are you?")]}
    (part,) = generate(simulator, body).json["candidates"][0]["content"]["parts"]
    assert part["thoughtSignature"]
    streamed = generate(simulator, body, method="streamGenerateContent").json
    parts = [chunk["candidates"][0]["content"]["parts"][0] for chunk in streamed]
    assert [bool(part.get("thoughtSignature")) for part in parts] == [False] * (len(parts) - 1) + [
        True
    ]
    assert parts[-1]["text"] == ""


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
@pytest.mark.parametrize(
    ("model", "window"), [("gemini-3.8-flash", 1_048_576), ("gemini-3.8-flash-tts", 8_192)]
)
def test_prompt_longer_than_the_context_window_is_refused(
    scripted: Scripted, model: str, window: int, method: str
) -> None:
    body: dict[str, Any] = {"contents": [text("four" * (window + 1))]}
    if model.endswith("tts"):
        body["generationConfig"] = {"responseModalities": ["AUDIO"]}
    reply = generate(scripted(), body, model, method)
    told = reply.json[0] if method.startswith("stream") else reply.json
    assert reply.status == 400
    assert told["error"] == {
        "code": 400,
        "message": f"The input token count ({window + 1}) exceeds the maximum number of tokens "
        f"allowed ({window}).",
        "status": "INVALID_ARGUMENT",
    }
