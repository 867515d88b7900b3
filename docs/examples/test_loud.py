"""The test of the example actor."""

from loud import Loud

from pipeline.frames import Audio, SpeechEnded, SpeechStarted
from pipeline.testing import stage


def block(index: int, level: int) -> Audio:
    return Audio(position=index * 320, pcm=level.to_bytes(2, "little") * 320)


def test_a_turn_runs_from_the_first_loud_block_to_the_last() -> None:
    levels = [0] * 10 + [5000] * 20 + [0] * 40
    with stage(Loud) as loud:
        loud.send("audio", *(block(index, level) for index, level in enumerate(levels)))
        assert loud.expect("speech", SpeechStarted).position == 10 * 320
        assert loud.expect("speech", SpeechEnded).position == 30 * 320
        loud.expect_nothing("speech")
