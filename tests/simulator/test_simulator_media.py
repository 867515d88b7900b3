"""Sound, pictures and documents that people send over HTTP, and what they cost."""

import base64
import contextlib
import io
import random
import struct
import wave
from typing import Any

import av
import numpy as np
import pytest
from raw_http import Reply, generate, request, text_of
from simulating import JPEG_4_BY_3, SPEECH, RunningSimulator, Scripted

from actors.backends.gemini.wire import Invalid
from actors.backends.gemini.wire.media import read_data

QUESTION = "cards-001.wav"
HEARD = "You said: Ten of clubs."
# Container and codec as FFmpeg names them, by what a client sends.
FORMATS = {
    "audio/mp3": ("mp3", "libmp3lame"),
    "audio/mpeg": ("mp3", "libmp3lame"),
    "audio/ogg": ("ogg", "libopus"),
    "audio/flac": ("flac", "flac"),
    "audio/aac": ("adts", "aac"),
    "audio/aiff": ("aiff", "pcm_s16be"),
    "audio/x-m4a": ("ipod", "aac"),
    "audio/webm": ("webm", "libopus"),
}


def samples() -> np.ndarray[Any, Any]:
    with wave.open(str(SPEECH / QUESTION)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (16_000, 1)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def encoded(container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000 if codec == "libopus" else 16_000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples().reshape(1, -1), "s16", "mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(stream.format, "mono", stream.rate, stream.frame_size or None)
        for piece in [*resampler.resample(frame), *resampler.resample(None), None]:
            output.mux(stream.encode(piece))
    return file.getvalue()


def wav(width: int, channels: int) -> bytes:
    pcm = np.repeat(samples(), channels)
    if width == 1:
        pcm = ((pcm.astype(np.int32) >> 8) + 128).astype(np.uint8)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setsampwidth(width)
        sound.setnchannels(channels)
        sound.setframerate(16_000)
        sound.writeframes(pcm.tobytes())
    return file.getvalue()


def part(data: bytes, kind: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": base64.b64encode(data).decode()}}


def send(simulator: RunningSimulator, *parts: dict[str, Any]) -> Reply:
    return generate(simulator, {"contents": [{"parts": list(parts)}]})


def audio_tokens(reply: Reply) -> int:
    details = reply.json["usageMetadata"]["promptTokensDetails"]
    counted: int = next(d["tokenCount"] for d in details if d["modality"] == "AUDIO")
    return counted


@pytest.mark.parametrize("kind", FORMATS)
def test_compressed_speech_is_understood(talking: RunningSimulator, kind: str) -> None:
    reply = send(talking, part(encoded(*FORMATS[kind]), kind))
    assert text_of(reply) == HEARD
    assert 26 <= audio_tokens(reply) <= 30


def test_tag_in_no_known_letters_does_not_matter() -> None:
    made = encoded("flac", "flac")
    assert b"encoder=" in made
    odd = made.replace(b"encoder=", b"encode\xff=", 1)
    assert read_data(odd, "audio/flac").pcm == read_data(made, "audio/flac").pcm


def test_picture_that_is_gigabytes_when_decoded_is_not_decoded() -> None:
    header = struct.pack(">II", 30_000, 30_000)
    read = read_data(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + header, "image/png")
    assert (read.width, read.height) == (30_000, 30_000)


def test_damaged_sound_is_heard_or_refused() -> None:
    source = random.Random(1)
    for container, codec in FORMATS.values():
        made = encoded(container, codec)
        for _ in range(30):
            damaged = bytearray(made)
            for _ in range(source.choice((1, 20))):
                at = source.randrange(source.choice((200, len(damaged))))
                damaged[at] = source.randrange(256)
            with contextlib.suppress(Invalid):
                assert read_data(bytes(damaged), "audio/mp3").kind == "audio"


@pytest.mark.parametrize(("width", "channels"), [(2, 2), (1, 1)])
def test_wav_of_any_form_is_understood(
    talking: RunningSimulator, width: int, channels: int
) -> None:
    reply = send(talking, part(wav(width, channels), "audio/wav"))
    assert text_of(reply) == HEARD
    assert audio_tokens(reply) == 27


def picture(container: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="image2pipe") as output:
        stream = output.add_stream(container, rate=1)
        stream.width, stream.height = 32, 16
        stream.pix_fmt = "rgb24"
        frame = av.VideoFrame.from_ndarray(np.zeros((16, 32, 3), np.uint8))
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def test_size_of_a_png_is_seen(scripted: Scripted) -> None:
    reply = send(scripted(), part(picture("png"), "image/png"), {"text": "What do you see?"})
    assert text_of(reply).endswith("The last one is 32 by 16 pixels.")


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("audio/mp3", b"no sound", "Request contains an invalid argument."),
        ("audio/wav", b"RIFF", "Request contains an invalid argument."),
        ("audio/pcm;rate=1", b"1234", "Request contains an invalid argument."),
        ("video/mp4", b"no film", "Request contains an invalid argument."),
        ("image/png", b"no picture", "Unable to process input image."),
        ("image/gif", b"GIF89a", "Unsupported MIME type: image/gif"),
        ("audio/tape", b"x", "Unsupported MIME type: audio/tape"),
        ("", b"x", "Unsupported MIME type: "),
    ],
)
def test_what_is_no_such_thing_is_refused(
    scripted: Scripted, kind: str, data: bytes, message: str
) -> None:
    reply = send(scripted(), part(data, kind))
    assert reply.status == 400
    assert reply.json["error"]["message"].startswith(message)


def test_documents_are_taken_and_counted(scripted: Scripted) -> None:
    simulator = scripted()
    pdf = b"%PDF-1.4 /Type /Pages /Type /Page /Type/Page"
    reply = send(simulator, part(pdf, "application/pdf"), {"text": "Hi"})
    assert text_of(reply) == "You said: Hi"
    details = reply.json["usageMetadata"]["promptTokensDetails"]
    assert {d["modality"]: d["tokenCount"] for d in details}["DOCUMENT"] == 2 * 258
    assert text_of(send(simulator, part(b"notes", "text/plain"), {"text": "Hi"})) == "You said: Hi"


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", 403),
        ("files/abc", 403),
        ("https://example.com/film.mp4", 501),
        ("https://[", 501),
    ],
)
def test_file_that_nobody_uploaded_is_not_passed_over(
    scripted: Scripted, uri: str, status: int
) -> None:
    reply = send(scripted(), {"fileData": {"fileUri": uri, "mimeType": "video/mp4"}})
    assert reply.status == status


@pytest.mark.parametrize(
    ("body", "total"),
    [
        ({"contents": [{"parts": [{"text": "12345678"}]}]}, 2),
        ({"contents": {"parts": part(JPEG_4_BY_3, "image/jpeg")}}, 258),
        ({"contents": {"parts": part(wav(2, 1), "audio/wav")}}, 27),
        (
            {
                "generateContentRequest": {
                    "model": "models/gemini-3.8-flash",
                    "contents": {"parts": {"text": "12345678"}},
                    "systemInstruction": {"parts": {"text": "abcd"}},
                }
            },
            3,
        ),
    ],
)
def test_tokens_are_counted_without_an_answer(scripted: Scripted, body: Any, total: int) -> None:
    simulator = scripted()
    for model in ("gemini-3.8-flash", "gemini-3.8-live"):
        reply = request(simulator, "POST", f"/v1beta/models/{model}:countTokens", body)
        assert reply.json["totalTokens"] == total
    both = {"contents": [], "generateContentRequest": {}, **body}
    path = "/v1beta/models/gemini-3.8-flash:countTokens"
    assert request(simulator, "POST", path, both).status == 400
