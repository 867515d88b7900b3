"""From what a backend published to what generateContent must have answered."""

from __future__ import annotations

import pytest
from happened import (
    TTS,
    began,
    call,
    cost,
    fault,
    happened,
    heard,
    over,
    result,
    said,
    sound,
    words,
)

from actors.recordings.cassette.http_script import http_script
from actors.recordings.cassette.recorded_frame import Utterance, check, utterances
from actors.recordings.cassette.service_script import HttpAnswerScript
from pipeline.errors import GreenroomError
from pipeline.frames import AnswerEnd, Audio, FaultClass, UserText

ONE, TWO = b"\1\0", b"\2\0"


def tokens(total: int) -> dict[str, object]:
    given = [{"modality": "AUDIO", "tokenCount": total}]
    return {
        "promptTokensDetails": given,
        "candidatesTokensDetails": [],
        "totalTokenCount": total,
    }


def spoken(answer: HttpAnswerScript) -> list[tuple[str, list[bytes], bool]]:
    return [(v.text, [pcm for _, pcm in v.pieces], v.whole) for v in answer.voices]


def test_words_and_voices_of_an_answer_are_told_apart() -> None:
    answer = http_script(
        happened(
            (1.0, said("a")),
            (1.1, words("a", "Yes. ")),
            (1.2, sound("a", ONE)),
            (1.2, heard("a", "Ready?", final=True)),
            (1.3, cost("a", 3, TTS)),
            (1.4, words("a", "Go.")),
            (1.5, sound("a", TWO, 1)),
            (1.6, cost("a", 4, TTS)),
            (1.7, cost("a", 9)),
            (1.8, over("a")),
        ),
        TTS,
    )["a"]
    assert spoken(answer) == [("Yes.", [ONE], True), ("Go.", [TWO], True)]
    assert [voice.usage for voice in answer.voices] == [tokens(3), tokens(4)]
    (only,) = answer.rounds
    assert only.texts == ["<heard>Ready?</heard>\n", "Yes. ", "Go."]
    assert (only.usage, only.whole) == (tokens(9), True)


def test_each_round_of_tools_is_a_response_of_its_own() -> None:
    answer = http_script(
        happened(
            (1.0, said("a")),
            (1.1, call("a", "1")),
            (1.1, call("a", "2")),
            (1.2, cost("a", 1)),
            (1.3, result("a", "1")),
            (1.4, result("a", "2")),
            (1.5, call("a", "3")),
            (1.5, cost("a", 2)),
            (1.6, result("a", "3")),
            (1.7, words("a", "Done.")),
            (1.8, cost("a", 3)),
            (1.9, over("a")),
        ),
        TTS,
    )["a"]
    assert [len(each.calls) for each in answer.rounds] == [2, 1, 0]
    assert [each.texts for each in answer.rounds] == [[], [], ["Done."]]
    assert [each.usage for each in answer.rounds] == [tokens(1), tokens(2), tokens(3)]


def test_an_interrupted_answer_goes_on_for_ever() -> None:
    answer = http_script(
        happened(
            (1.0, said("a")),
            (1.1, words("a", "Once upon")),
            (1.2, sound("a", ONE)),
            (1.3, over("a", AnswerEnd.INTERRUPTED)),
        ),
        TTS,
    )["a"]
    assert spoken(answer) == [("Once upon", [ONE], False)]


def test_a_refusal_is_given_in_the_place_of_what_was_not_had() -> None:
    def failed(*rows: object) -> HttpAnswerScript:
        ended = (1.9, over("a", AnswerEnd.FAILED))
        quota = (1.8, fault(429, FaultClass.QUOTA, "enough"))
        return http_script(happened((1.0, said("a")), *rows, quota, ended), TTS)["a"]  # type: ignore[arg-type]

    assert failed().rounds[0].refusal == (429, "enough")
    unspoken = failed((1.1, words("a", "Yes. ")))
    assert unspoken.voices[0].refusal == (429, "enough")
    assert unspoken.rounds[0].refusal is None
    unfinished = failed((1.1, words("a", "Yes. ")), (1.2, cost("a", 3, TTS)))
    assert unfinished.rounds[0].refusal == (429, "enough")


def test_words_that_another_backend_had_understood_are_said_again() -> None:
    answer = http_script(
        [
            *happened((1.0, said("a"))),
            happened((1.1, heard("a", "Go", backend="other")))[0]._replace(own=False),
            *happened((1.2, heard("a", " on.", final=True)), (1.3, over("a"))),
        ],
        TTS,
    )["a"]
    assert answer.rounds[0].texts == ["<heard>Go on.</heard>\n"]


def test_what_the_user_said_is_cut_from_the_sound() -> None:
    blocks = [Audio(position=at, pcm=bytes([at, 0, at, 1])) for at in range(0, 10, 2)]
    rows = happened(
        (1.0, said("a", 1, 4)), (2.0, said("b", 8, 12)), (3.0, UserText(turn="t", text="Hi"))
    )
    assert utterances(rows, blocks) == [
        Utterance("a", pcm=bytes([0, 1, 2, 0, 2, 1])),
        Utterance("b", pcm=bytes([8, 0, 8, 1])),
        Utterance("t", text="Hi"),
    ]


def test_a_recording_that_lacks_what_is_needed_is_refused() -> None:
    rows = happened((1.0, began("a")), (2.0, said("a")), (3.0, sound("a", ONE)), (4.0, over("a")))
    check("live", rows, [Utterance("a", pcm=ONE)])
    with pytest.raises(GreenroomError, match="without sound"):
        check("live", rows, [Utterance("a")])
    with pytest.raises(GreenroomError, match="without sound"):
        check(
            "live",
            [each for each in rows if each.frame is not rows[2].frame],
            [Utterance("a", ONE)],
        )
    with pytest.raises(GreenroomError, match="what the user said in the turn a"):
        check("live", rows, [])
    other = happened((3.5, sound("a", ONE).model_copy(update={"session": "bert"})))
    with pytest.raises(GreenroomError, match="several sessions"):
        check("live", [*rows, *other], [Utterance("a", pcm=ONE)])


def test_a_call_that_another_backend_had_made_is_asked_for_again() -> None:
    answer = http_script(
        happened(
            (1.0, said("a")),
            (1.1, result("a", "of another")),
            (1.2, cost("a", 1)),
            (1.3, words("a", "Done.")),
            (1.4, cost("a", 2)),
            (1.5, over("a")),
        ),
        TTS,
    )["a"]
    assert [each.calls for each in answer.rounds] == [[("move", {})], []]
    assert [each.texts for each in answer.rounds] == [[], ["Done."]]
