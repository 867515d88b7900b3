"""Keys as people paste them, and `.env` files as their editors write them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from actors.backends.gemini import credentials
from actors.backends.gemini.credentials import find_keys, folders_here
from actors.backends.gemini.faults import info_on
from pipeline.errors import CredentialError, NoKeyError
from pipeline.frames import FaultClass
from pipeline.logs import redact

NAMES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
KEY = "AIzaSyA-0123456789_bcdefghijklmnopqrstuv"
NEW_KEY = "AQ.Ab8RN6-0123456789_bcdefghijklmnopqrstuv"

UNDERSTOOD = [
    KEY,
    NEW_KEY,
    f" {KEY}\r\n",
    f'"{KEY}"',
    f"'{KEY}' ",
    f"\u201c{KEY}\u201d",
    f"\ufeff{KEY}",
    f"{KEY}\u00a0",
    f"{KEY[:9]}\u200b{KEY[9:]}",
    f"{KEY[:9]}\u00ad{KEY[9:]}\u200e",
]
REFUSED = [
    (
        KEY.replace("A", "\u0410", 1),
        "letter 1 of 40 is CYRILLIC CAPITAL LETTER A, which no key has",
    ),
    (KEY.replace("0", "\uff10"), "letter 9 of 40 is FULLWIDTH DIGIT ZERO"),
    (f"{KEY[:9]}\n{KEY[9:]}", "letter 10 of 41 is a line feed"),
    (f"{KEY[:9]} {KEY[9:]}", "letter 10 of 41 is a space"),
    (f"{KEY[:9]}\u00a0{KEY[9:]}", "letter 10 of 41 is NO-BREAK SPACE"),
    (f"{KEY}#robot", "letter 41 of 46 is NUMBER SIGN"),
    (f"{KEY}\0", r"letter 41 of 41 is U\+0000"),
    ("<your-0123456789_key>", "letter 1 of 21 is LESS-THAN SIGN"),
]


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_surrounds_a_key_and_what_nobody_sees_is_left_out(text: str) -> None:
    (key,) = find_keys(NAMES, [], {"GEMINI_API_KEY": text})
    assert key in (KEY, NEW_KEY)
    assert redact(f"{text.strip()} {key}").count("[secret]") == 2


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_a_letter_that_no_key_has_is_named_and_the_key_is_not(text: str, problem: str) -> None:
    with pytest.raises(CredentialError, match=problem) as refused:
        find_keys(NAMES, [], {"GEMINI_API_KEY": text})
    said = str(info_on(refused.value))
    assert info_on(refused.value).fault is FaultClass.AUTH
    assert "GEMINI_API_KEY" in said
    assert "\n" not in said
    assert KEY[:9] not in said
    assert KEY[-9:] not in said
    assert "-0123456789_" not in redact(f"a request with {text.strip()}")


@pytest.mark.parametrize("bad", ["\u0410Iza", "a key"])
def test_one_bad_key_of_several_is_said(bad: str) -> None:
    with pytest.raises(CredentialError, match="GOOGLE_API_KEY is no key"):
        find_keys(NAMES, [], {"GEMINI_API_KEY": "", "GOOGLE_API_KEY": f"{KEY}, {bad}"})


def test_the_first_variable_that_holds_a_key_wins() -> None:
    both = {"GEMINI_API_KEY": KEY, "GOOGLE_API_KEY": NEW_KEY}
    assert find_keys(NAMES, [], both) == (KEY,)
    assert find_keys(NAMES, [], {**both, "GEMINI_API_KEY": '""'}) == (NEW_KEY,)


LINE = f"GEMINI_API_KEY={KEY}"
FILES = [
    LINE.encode(),
    b"\xef\xbb\xbf" + LINE.encode(),
    f"# key\r\n{LINE}\r\n".encode("utf-16"),
    LINE.encode("utf-16-le"),
    LINE.encode("utf-16-be"),
    f"export GEMINI_API_KEY = '{KEY}' # of the robot\r\n".encode(),
    f"# caf\u00e9\n{LINE}\n".encode("latin-1"),
    f"GEMINI_API_KEY=\nGOOGLE_API_KEY={KEY}\n".encode(),
    f"GEMINI_API_KEY=\u201c{KEY}\u201d\n".encode(),
    f"A=$HOME\n  GEMINI_API_KEY  =  {KEY}  \n".encode(),
]


@pytest.mark.parametrize("content", FILES)
def test_a_file_is_read_as_editors_write_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    assert find_keys(NAMES, [tmp_path], {}) == (KEY,)


def test_a_file_without_a_key_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"GEMINI_KEY={KEY}\n", encoding="utf-8")
    with pytest.raises(NoKeyError, match=r"no API key: .*\.env sets none of them") as missing:
        find_keys(NAMES, [tmp_path, tmp_path], {})
    assert str(missing.value).count(str(tmp_path)) == 1
    assert KEY not in str(missing.value)


def test_a_file_that_cannot_be_read_is_named_unless_the_environment_has_a_key(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(CredentialError, match=r"cannot read .*\.env: Is a directory"):
        find_keys(NAMES, [tmp_path], {})
    assert find_keys(NAMES, [tmp_path], {"GEMINI_API_KEY": KEY}) == (KEY,)


def test_a_folder_that_was_removed_under_the_user_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert folders_here() == (tmp_path / "gone",)
    (tmp_path / "gone").rmdir()
    assert folders_here() == ()


def test_a_pipe_is_read_as_password_managers_serve_it_and_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "PIPE_S", 20.0)
    path = tmp_path / ".env"
    os.mkfifo(path)
    # Waits until somebody reads.
    served = threading.Thread(target=path.write_text, args=(f"GEMINI_API_KEY={KEY}\n",))
    served.start()
    assert find_keys(NAMES, [tmp_path], {}) == (KEY,)
    served.join()
    monkeypatch.setattr(credentials, "PIPE_S", 0.05)
    with pytest.raises(CredentialError, match=r"\.env: nobody writes to this pipe"):
        find_keys(NAMES, [tmp_path], {})


def test_a_key_with_a_zero_byte_at_its_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(LINE.encode() + b"\0")
    with pytest.raises(CredentialError, match=r"GEMINI_API_KEY of .*\.env is no key"):
        find_keys(NAMES, [tmp_path], {})
