"""Files that are uploaded and used in prompts."""

from pathlib import Path

import pytest
from google.genai import errors
from raw_http import TEXT_MODEL, generate, request
from simulating import JPEG_4_BY_3, SPEECH, RunningSimulator, Scripted, client

from actors.simulator import files


def test_uploaded_sound_is_heard(talking: RunningSimulator) -> None:
    with client() as sdk:
        sound = sdk.files.upload(file=SPEECH / "cards-001.wav")
        assert (sound.mime_type, str(sound.state)) == ("audio/x-wav", "FileState.ACTIVE")
        answer = sdk.models.generate_content(model=TEXT_MODEL, contents=["Here:", sound])
        assert answer.text == "You said: Here: Ten of clubs."
        counted = sdk.models.count_tokens(model=TEXT_MODEL, contents=[sound])
        assert (counted.total_tokens or 0) > 20


def test_files_are_listed_found_and_deleted(scripted: Scripted, tmp_path: Path) -> None:
    simulator = scripted(keys=["a-key"])
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(JPEG_4_BY_3)
    with client("a-key") as sdk:
        made = [
            sdk.files.upload(file=picture, config={"display_name": f"number {number}"})
            for number in range(3)
        ]
        listed = list(sdk.files.list(config={"page_size": 2}))
        assert [each.display_name for each in listed] == ["number 2", "number 1", "number 0"]
        name = made[0].name or ""
        assert sdk.files.get(name=name).size_bytes == len(JPEG_4_BY_3)
        seen = sdk.models.generate_content(model=TEXT_MODEL, contents=[made[0], "What do you see?"])
        assert "4 by 3 pixels" in (seen.text or "")
        sdk.files.delete(name=name)
        with pytest.raises(errors.ClientError) as raised:
            sdk.files.get(name=name)
        assert raised.value.code == 403
    assert "files.upload" in {each.method for each in simulator.journal.requests}


def test_large_file_comes_in_pieces(scripted: Scripted, tmp_path: Path) -> None:
    scripted()
    text = tmp_path / "long.txt"
    # The SDK sends pieces of 8 MiB.
    text.write_bytes(b"word " * 2_000_000)
    with client() as sdk:
        made = sdk.files.upload(file=text)
        assert made.size_bytes == 10_000_000


def test_the_oldest_files_go(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted()
    monkeypatch.setattr(files, "MAX_BYTES", 2_500)
    path = tmp_path / "small.txt"
    path.write_bytes(b"x" * 1000)
    with client() as sdk:
        made = [sdk.files.upload(file=path) for _ in range(4)]
        kept = [each.name for each in sdk.files.list()]
    assert kept == [made[3].name, made[2].name]


@pytest.mark.parametrize(
    ("command", "offset", "status"),
    [
        ("upload, finalize", "7", 400),
        ("upload", "x", 400),
        ("upload", "\u00b2", 400),
        ("guess", "0", 400),
        ("", "0", 400),
    ],
)
def test_piece_that_does_not_fit_is_refused(
    scripted: Scripted, command: str, offset: str, status: int
) -> None:
    simulator = scripted()
    path = "/upload/v1beta/files"
    begun = request(simulator, "POST", path, {}, {"X-Goog-Upload-Command": "start"})
    address = begun.headers["X-Goog-Upload-URL"].removeprefix(simulator.server.base_url)
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": offset}
    assert request(simulator, "POST", address, b"data", headers).status == status


@pytest.mark.parametrize("page", ["pageSize=%C2%B2", "pageSize=-1", "pageToken=x", "pageToken=-1"])
@pytest.mark.parametrize("listed", ["files", "models"])
def test_page_that_is_none_is_refused(scripted: Scripted, listed: str, page: str) -> None:
    assert request(scripted(), "GET", f"/v1beta/{listed}?{page}").status == 400


def test_page_of_files_has_a_largest_size(scripted: Scripted) -> None:
    simulator = scripted()
    for size, status in (100, 200), (101, 400):
        assert request(simulator, "GET", f"/v1beta/files?pageSize={size}").status == status


def test_upload_and_file_that_are_not_there(scripted: Scripted) -> None:
    simulator = scripted()
    headers = {"X-Goog-Upload-Command": "upload, finalize"}
    path = "/upload/v1beta/files?upload_id=none"
    assert request(simulator, "POST", path, b"data", headers).status == 404
    part = {"fileData": {"fileUri": f"{simulator.server.base_url}/v1beta/files/none"}}
    assert generate(simulator, {"contents": {"parts": [part]}}).status == 403


def test_only_a_piece_of_an_upload_needs_no_key(scripted: Scripted) -> None:
    simulator = scripted(keys=["a-key"])
    paths = ("/upload/v1beta/files", "/v1beta/files?upload_id=x", "/v1beta/models?upload_id=x")
    for path, verb in zip(paths, ("POST", "GET", "GET"), strict=True):
        reply = request(simulator, verb, path, {} if verb == "POST" else None)
        assert reply.json["error"]["message"].startswith("API key not valid")
