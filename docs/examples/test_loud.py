"""The test of the example actor."""

from loud import Loud

from pipeline.frames import Audio
from pipeline.testing import stage


def test_sound_gets_louder_and_keeps_its_place_in_the_stream() -> None:
    quiet = Audio(session="local", position=640, pcm=(100).to_bytes(2, "little") * 320)
    with stage(Loud, gain=3) as loud:
        loud.send("sound", quiet)
        louder = loud.expect("audio", Audio)
    assert (louder.session, louder.position) == ("local", 640)
    assert louder.pcm == (300).to_bytes(2, "little") * 320
