"""generationConfig and toolConfig over HTTP: refused where the service does, else obeyed."""

import json
from typing import Any

import pytest
from raw_http import Reply, generate, text_of
from simulating import MOVE, RunningSimulator, Scripted

STOP = {"name": "stop", "description": "Stops."}
TOOLS = [{"functionDeclarations": [MOVE, STOP]}]
SCHEMA = {
    "type": "OBJECT",
    "properties": {"name": {"type": "STRING"}, "age": {"type": "INTEGER"}},
    "required": ["name", "age"],
}
JSON = {"responseMimeType": "application/json"}
RANGES = "* GenerateContentRequest.generation_config."


def ask(
    simulator: RunningSimulator, words: str = "Hello there, how are you?", **body: Any
) -> Reply:
    return generate(simulator, {"contents": [{"parts": [{"text": words}]}], **body})


def parts(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json["candidates"][0]["content"]["parts"]
    return found


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"foo": 1}, "Invalid JSON payload received. Unknown name \"foo\" at 'generation_config'"),
        ({"temperature": "hot"}, "Invalid value at 'generation_config.temperature' (TYPE_FLOAT)"),
        ({"temperature": 9}, f"{RANGES}temperature: "),
        ({"topP": 2}, f"{RANGES}top_p: "),
        ({"topK": -1}, f"{RANGES}top_k: "),
        ({"maxOutputTokens": -1}, f"{RANGES}max_output_tokens: "),
        ({"candidateCount": 99}, f"{RANGES}candidate_count: "),
        ({"stopSequences": list("abcdef")}, f"{RANGES}stop_sequences: "),
        ({"responseMimeType": "text/yaml"}, f"{RANGES}response_mime_type: allowed mimetypes are"),
        ({"responseSchema": SCHEMA}, f"{RANGES}response_schema: "),
        ({**JSON, "responseSchema": SCHEMA, "responseJsonSchema": {}}, "* GenerateContentRequest"),
        ({**JSON, "responseJsonSchema": "x"}, "Request contains an invalid argument."),
        ({"mediaResolution": "HUGE"}, "Invalid value at 'generation_config.media_resolution'"),
        ({"responseModalities": ["AUDIO"]}, "The requested combination of response modalities"),
        (
            {"thinkingConfig": {"thinkingLevel": "HUGE"}},
            "Invalid value at 'generation_config.thinking_config.thinking_level'",
        ),
        (
            {**JSON, "responseSchema": {"type": "OBJECT", "additionalProperties": False}},
            'Invalid JSON payload received. Unknown name "additionalProperties" at '
            "'generation_config.response_schema': Cannot find field.",
        ),
    ],
)
def test_config_is_refused(scripted: Scripted, config: dict[str, Any], message: str) -> None:
    reply = ask(scripted(), generationConfig=config)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert reply.json["error"]["message"].startswith(message)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"safetySettings": [{"category": "NO", "threshold": "OFF"}]},
            400,
            "Invalid value at 'safety_settings[0].category'",
        ),
        (
            {"tools": [{"foo": {}}]},
            400,
            "Invalid JSON payload received. Unknown name \"foo\" at 'tools[0]'",
        ),
        (
            {"tools": TOOLS, "toolConfig": {"functionCallingConfig": {"mode": "WRONG"}}},
            400,
            "Invalid value at 'tool_config.function_calling_config.mode'",
        ),
        (
            {
                "tools": TOOLS,
                "toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["move"]}},
            },
            400,
            "* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names",
        ),
        (
            {
                "tools": TOOLS,
                "toolConfig": {
                    "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["fly"]}
                },
            },
            400,
            "* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names",
        ),
        ({"cachedContent": "none"}, 403, "CachedContent not found (or permission denied)"),
    ],
)
def test_body_is_refused(
    scripted: Scripted, body: dict[str, Any], status: int, message: str
) -> None:
    reply = ask(scripted(), **body)
    assert reply.status == status
    assert reply.json["error"]["message"].startswith(message)


@pytest.mark.parametrize("mode", ["NONE", "none"])
def test_mode_none_never_calls(scripted: Scripted, mode: str) -> None:
    config = {"functionCallingConfig": {"mode": mode}}
    (part,) = parts(ask(scripted(), "go forward ten meters", tools=TOOLS, tool_config=config))
    assert part["text"] == "You said: go forward ten meters"


def test_mode_any_always_calls_what_was_said_if_it_can(scripted: Scripted) -> None:
    simulator = scripted()
    config: dict[str, Any] = {"functionCallingConfig": {"mode": "ANY"}}
    (part,) = parts(ask(simulator, "Stop!", tools=TOOLS, toolConfig=config))
    assert part["functionCall"]["name"] == "stop"
    (part,) = parts(ask(simulator, "I have three of them", tools=TOOLS, toolConfig=config))
    assert part["functionCall"]["name"] == "move"
    assert part["functionCall"]["args"] == {"direction": "forward", "distance_m": 3}
    config["functionCallingConfig"]["allowedFunctionNames"] = ["stop"]
    (part,) = parts(ask(simulator, "Hello", tools=TOOLS, toolConfig=config))
    assert part["functionCall"]["name"] == "stop"


def test_text_ends_at_a_stop_sequence_and_at_the_limit(scripted: Scripted) -> None:
    simulator = scripted()
    stopped = ask(simulator, generationConfig={"stopSequences": ["nothing", "how"]})
    assert text_of(stopped) == "You said: Hello there, "
    assert stopped.json["candidates"][0]["finishReason"] == "STOP"
    cut = ask(simulator, generationConfig={"maxOutputTokens": "3"})
    assert text_of(cut) == "You said: He"
    assert cut.json["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert cut.json["usageMetadata"]["candidatesTokenCount"] == 3


def test_as_many_candidates_as_asked_for(scripted: Scripted) -> None:
    simulator = scripted()
    whole = ask(simulator, generationConfig={"candidateCount": 2}).json
    assert [candidate["index"] for candidate in whole["candidates"]] == [0, 1]
    body = {"contents": [{"parts": [{"text": "Hi"}]}], "generationConfig": {"candidateCount": 2}}
    chunks = generate(simulator, body, method="streamGenerateContent").json
    ended = [chunk["candidates"][0] for chunk in chunks if "finishReason" in chunk["candidates"][0]]
    assert [candidate["index"] for candidate in ended] == [0, 1]


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ({"responseSchema": SCHEMA}, {"name": "You said: I am 42", "age": 42}),
        (
            {"responseJsonSchema": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            {"n": 42},
        ),
        ({}, {"answer": "You said: I am 42"}),
    ],
)
def test_answer_is_json_of_the_schema(
    scripted: Scripted, config: dict[str, Any], value: Any
) -> None:
    reply = ask(scripted(), "I am 42", generationConfig={**JSON, **config})
    assert json.loads(text_of(reply)) == value


def test_answer_is_one_of_an_enum(scripted: Scripted) -> None:
    schema = {"type": "STRING", "enum": ["oboe", "tuba"]}
    config = {"responseMimeType": "text/x.enum", "responseSchema": schema}
    assert text_of(ask(scripted(), "I play the tuba", generationConfig=config)) == "tuba"


def test_scenario_says_what_it_says_in_json_mode_too(scripted: Scripted) -> None:
    simulator = scripted({"when": {"http": "any"}, "do": [{"say": '{"mine": 1}'}]})
    assert text_of(ask(simulator, generationConfig=JSON)) == '{"mine": 1}'


def test_thoughts_are_shown_on_request_and_counted(scripted: Scripted) -> None:
    config = {"thinkingConfig": {"includeThoughts": True}}
    reply = ask(scripted(), generationConfig=config)
    thought, text = parts(reply)
    assert thought["thought"] is True
    assert "thought" not in text
    usage = reply.json["usageMetadata"]
    assert usage["thoughtsTokenCount"] > 0
    assert usage["totalTokenCount"] == (
        usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
    )


def test_tools_calls_and_their_results_cost_tokens(scripted: Scripted) -> None:
    simulator = scripted()
    plain = ask(simulator, "go forward ten meters").json["usageMetadata"]
    called = ask(simulator, "go forward ten meters", tools=TOOLS).json["usageMetadata"]
    assert called["promptTokenCount"] > plain["promptTokenCount"] + 20
    assert called["candidatesTokenCount"] > 5


def test_two_tools_of_one_name_are_refused(scripted: Scripted) -> None:
    reply = ask(scripted(), tools=[{"functionDeclarations": [STOP, STOP]}])
    assert reply.status == 400
    assert "Duplicate function declaration found: stop" in reply.json["error"]["message"]


@pytest.mark.parametrize("reason", ["OTHER", ""])
@pytest.mark.parametrize("streamed", [True, False])
def test_words_break_off_in_a_stream_and_in_a_whole_response(
    scripted: Scripted, streamed: bool, reason: str
) -> None:
    cut = {"break_off": {"reason": reason, "at": 0.5}}
    simulator = scripted({"when": {"http": "words"}, "do": [{"say": "word " * 20}, cut]})
    body = {"contents": [{"parts": [{"text": "Hello"}]}]}
    method = "streamGenerateContent" if streamed else "generateContent"
    reply = generate(simulator, body, method=method)
    chunks = reply.json if streamed else [reply.json]
    candidates = [chunk["candidates"][0] for chunk in chunks]
    said = "".join(part["text"] for each in candidates for part in each["content"]["parts"])
    assert said.split() == ["word"] * 12
    assert [each["finishReason"] for each in candidates if "finishReason" in each] == [reason] * (
        reason != ""
    )


@pytest.mark.parametrize(("at", "sounds"), [(0.5, True), (0.0, False)])
def test_speech_breaks_off_in_a_whole_response_too(
    scripted: Scripted, at: float, sounds: bool
) -> None:
    def spoken(*rules: dict[str, Any]) -> dict[str, Any]:
        body = {
            "contents": [{"parts": [{"text": "It is ten."}]}],
            "generationConfig": {"responseModalities": ["AUDIO"]},
        }
        reply = generate(scripted(*rules), body, model="gemini-2.5-flash-preview-tts")
        assert reply.status == 200, reply.body
        candidate: dict[str, Any] = reply.json["candidates"][0]
        return candidate

    whole = spoken()
    cut = spoken({"when": {"http": "speech"}, "do": [{"break_off": {"reason": "OTHER", "at": at}}]})
    assert (whole["finishReason"], cut["finishReason"]) == ("STOP", "OTHER")
    sizes = [
        sum(len(part["inlineData"]["data"]) for part in each["content"]["parts"])
        for each in (whole, cut)
    ]
    assert (0 < sizes[1] < sizes[0]) if sounds else sizes[1] == 0
