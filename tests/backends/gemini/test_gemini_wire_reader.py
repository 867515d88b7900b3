"""What Google's parser takes and what it refuses, and in which words."""

from typing import Any

import pytest

from actors.backends.gemini.wire import Invalid, check_functions, parse_json, read

URL = "type.googleapis.com/google.ai.generativelanguage.v1beta"
SETUP = "BidiGenerateContentSetup"
CONTENT = "BidiGenerateContentClientContent"
HI = [{"role": "user", "parts": [{"text": "hi"}]}]


@pytest.mark.parametrize(
    ("message", "given", "expected"),
    [
        (CONTENT, {"turns": {"role": "user", "parts": {"text": "hi"}}}, {"turns": HI}),
        (CONTENT, {"turns": HI, "turn_complete": "true"}, {"turns": HI, "turnComplete": True}),
        (CONTENT, {"turns": None, "turnComplete": None}, {}),
        (CONTENT, None, {}),
        ("Content", {"parts": [None, {"text": "a"}]}, {"parts": [{"text": "a"}]}),
        (
            SETUP,
            {"generation_config": {"response_modalities": "audio", "topK": 3.0}},
            {"generationConfig": {"responseModalities": ["AUDIO"], "topK": 3}},
        ),
        (
            SETUP,
            {"generationConfig": {"responseModalities": ["audio", 1], "temperature": "0.5"}},
            {"generationConfig": {"responseModalities": ["AUDIO", "TEXT"], "temperature": 0.5}},
        ),
        (
            SETUP,
            {"generationConfig": {"responseModalities": ["3", "0000000003", "3.0"]}},
            {"generationConfig": {"responseModalities": ["AUDIO", "AUDIO", "AUDIO"]}},
        ),
        (
            SETUP,
            {"realtimeInputConfig": {"automatic_activity_detection": {"silence_duration_ms": "5"}}},
            {"realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": 5}}},
        ),
        (
            SETUP,
            {"tools": {"functionDeclarations": {"name": "f", "parameters": {"type": "object"}}}},
            {
                "tools": [
                    {"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}
                ]
            },
        ),
        (
            "BidiGenerateContentToolResponse",
            {"functionResponses": {"id": "1", "response": {"in_percent": [1]}}},
            {"functionResponses": [{"id": "1", "response": {"in_percent": [1]}}]},
        ),
        (
            "BidiGenerateContentRealtimeInput",
            {"media_chunks": {"data": "AAAA", "mime_type": "audio/pcm"}},
            {"mediaChunks": [{"data": "AAAA", "mimeType": "audio/pcm"}]},
        ),
        (
            "GenerateContentRequest",
            {
                "contents": {"parts": {"text": "x"}},
                "toolConfig": {"functionCallingConfig": {"mode": "none"}},
            },
            {
                "contents": [{"parts": [{"text": "x"}]}],
                "toolConfig": {"functionCallingConfig": {"mode": "NONE"}},
            },
        ),
        ("Schema", {"minItems": "12345678901"}, {"minItems": 12345678901}),
        ("Schema", {"properties": {"snake_key": {}}}, {"properties": {"snake_key": {}}}),
    ],
)
def test_parser_is_lenient_in_form(message: str, given: Any, expected: dict[str, Any]) -> None:
    assert read(message, given) == expected


@pytest.mark.parametrize(
    ("message", "given", "complaint"),
    [
        (CONTENT, {"foo": 1}, 'Unknown name "foo": Cannot find field.'),
        (
            CONTENT,
            {"turns": [{"prts": 1}]},
            "Unknown name \"prts\" at 'turns[0]': Cannot find field.",
        ),
        (CONTENT, {"turnComplete": 1}, "Invalid value at 'turn_complete' (TYPE_BOOL), 1"),
        (
            "Content",
            {"parts": [{"text": {"a": 1}}]},
            "Invalid value at 'parts[0].text' (TYPE_STRING), Starting an object on a scalar field",
        ),
        (
            "Content",
            {"role": ["user"]},
            'Unknown name "role": Proto field is not repeating, cannot start list.',
        ),
        (
            "Content",
            {"parts": {"text": "a", "inlineData": {}}},
            "Invalid value at 'parts[0]' (oneof), oneof field 'data' is already set. "
            "Cannot set 'inlineData'",
        ),
        (
            "GenerationConfig",
            {"temperature": "hot"},
            "Invalid value at 'temperature' (TYPE_FLOAT), \"hot\"",
        ),
        ("GenerationConfig", {"topK": 1.5}, "Invalid value at 'top_k' (TYPE_INT32), 1.5"),
        ("GenerationConfig", {"seed": 2**31}, "Invalid value at 'seed' (TYPE_INT32), 2147483648"),
        ("GenerationConfig", {"seed": True}, "Invalid value at 'seed' (TYPE_INT32), true"),
        (
            "GenerationConfig",
            {"mediaResolution": "HUGE"},
            f"'media_resolution' ({URL}.GenerationConfig.MediaResolution), \"HUGE\"",
        ),
        (
            "Tool",
            {"functionDeclarations": [{"parameters": {"additionalProperties": False}}]},
            'Unknown name "additionalProperties" at '
            "'function_declarations[0].parameters': Cannot find field.",
        ),
        (
            "Tool",
            {"functionDeclarations": [{"parameters": {"properties": {"x": {"type": ["string"]}}}}]},
            "Unknown name \"type\" at 'function_declarations[0].parameters.properties[0].value': "
            "Proto field is not repeating, cannot start list.",
        ),
        (
            "FunctionResponse",
            {"response": "text"},
            "Invalid value at 'response' (type.googleapis.com/google.protobuf.Struct), \"text\"",
        ),
        (SETUP, {"inputAudioTranscription": True}, "Invalid value at 'input_audio_transcription'"),
        (SETUP, {"proactivity": {}}, 'Unknown name "proactivity": Cannot find field.'),
        (SETUP, {"labels": "x"}, "Invalid value at 'labels'"),
        (SETUP, "text", "Invalid value at 'root'"),
    ],
)
def test_parser_refuses_in_its_own_words(message: str, given: Any, complaint: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(message, given)
    assert complaint in refused.value.message


def test_fields_hang_on_the_version() -> None:
    proactive = {"proactivity": {"proactiveAudio": True}}
    assert read(SETUP, proactive, "v1alpha") == proactive


def test_every_complaint_is_in_the_details() -> None:
    with pytest.raises(Invalid) as refused:
        read("GenerateContentRequest", {"foo": 1, "contents": [{"bar": 2}]})
    (details,) = refused.value.details()
    assert details["fieldViolations"] == [
        {"description": 'Invalid JSON payload received. Unknown name "foo": Cannot find field.'},
        {
            "field": "contents[0]",
            "description": "Invalid JSON payload received. "
            "Unknown name \"bar\" at 'contents[0]': Cannot find field.",
        },
    ]
    assert refused.value.message.count("\n") == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"NaN",
        b'{"a":Infinity}',
        b"\xff",
        b'"\\ud800"',
        b"[" * 5000,
        b"[" * 101 + b"]" * 101,
    ],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="Invalid JSON payload received"):
        parse_json(data)


def test_json_may_nest_a_hundred_deep() -> None:
    assert parse_json(b"[" * 100 + b"]" * 100)


def function(**schema: Any) -> dict[str, Any]:
    return {"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT", **schema}}]}


def one(**schema: Any) -> dict[str, Any]:
    return function(properties={"x": schema})


P = "GenerateContentRequest.tools[0].function_declarations[0]"


@pytest.mark.parametrize(
    ("tool", "complaint"),
    [
        (one(type="ARRAY"), f"{P}.parameters.properties[x].items: missing field."),
        (
            one(type="NUMBER", enum=["1"]),
            f"{P}.parameters.properties[x].enum: only allowed for STRING",
        ),
        (one(type="STRING", enum=[""]), f"{P}.parameters.properties[x].enum[0]: cannot be empty"),
        (one(type="STRING", format="uri"), "only 'enum' and 'date-time' are supported for STRING"),
        (
            function(properties={"x": {"type": "STRING"}}, required=["y"]),
            f"{P}.parameters.required[0]: property is not defined",
        ),
        (
            one(type="STRING", properties={"y": {}}),
            f"{P}.parameters.properties[x].properties: only allowed for OBJECT type",
        ),
        (
            {"functionDeclarations": [{"name": "a b"}]},
            f"{P}.name: [FIELD_INVALID] Invalid function",
        ),
        ({"functionDeclarations": [{}]}, f"{P}.name: [FIELD_INVALID] Invalid function name"),
        (
            {"functionDeclarations": [{"name": "f"}, {"name": "f"}]},
            "Duplicate function declaration found: f",
        ),
        (
            {
                "functionDeclarations": [
                    {**one(type="STRING")["functionDeclarations"][0], "parametersJsonSchema": {}}
                ]
            },
            "cannot be set together with parameters_json_schema",
        ),
    ],
)
def test_declaration_that_the_service_refuses(tool: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_functions([read("Tool", tool)], "GenerateContentRequest")
    assert complaint in refused.value.message


def test_functions_of_all_tools_are_found() -> None:
    tools = [one(type="STRING"), {"googleSearch": {}}, {"functionDeclarations": {"name": "g"}}]
    declared = check_functions([read("Tool", tool) for tool in tools], "GenerateContentRequest")
    assert [each["name"] for each in declared] == ["f", "g"]


def test_object_without_properties_is_taken() -> None:
    (declared,) = check_functions([read("Tool", function())], "X")
    assert declared["parameters"] == {"type": "OBJECT"}
