"""Whatever the user, the server and the network do: each turn ends once, no sample is lost."""

from __future__ import annotations

from exchanging import Driver, activities, joined
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.backends.realtime.events import (
    AnswerChunk,
    CallRequested,
    CallsCancelled,
    Connecting,
    GenerationComplete,
    Interrupted,
    Said,
    StepComplete,
    TurnComplete,
)
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.steps import SendReply, SendText
from actors.backends.realtime.unasked import UnaskedRule
from pipeline.frames import AnswerAudio, AnswerEnded, Side, is_unasked

EVENTS = st.sampled_from(
    [
        AnswerChunk(bytes(960)),
        AnswerChunk(bytes(960)),
        Said(Side.USER, "hello"),
        Said(Side.MODEL, "yes"),
        GenerationComplete(),
        StepComplete(),
        TurnComplete(),
        TurnComplete(),
        Interrupted(),
        CallRequested("c1", "move", {}),
        CallRequested("c2", "look", {}),
        CallsCancelled(("c1",)),
    ]
)
OPERATIONS = st.one_of(
    st.tuples(st.just("hear"), st.integers(1, 20)),
    st.tuples(st.just("start"), st.integers(0, 3)),
    st.tuples(st.just("end"), st.integers(0, 3)),
    st.tuples(st.just("type"), st.none()),
    st.tuples(st.just("connect"), st.none()),
    st.tuples(st.just("disconnect"), st.none()),
    st.tuples(st.just("unavailable"), st.none()),
    st.tuples(st.just("server"), EVENTS),
    st.tuples(st.just("server"), EVENTS),
    st.tuples(st.just("result"), st.sampled_from(["c1", "c2", "c3"])),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 5.0, 70.0])),
)


class Story:
    """A driver that keeps to what a user and a network can do."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.live = Driver(limits or Limits())
        self.local = self.live.limits.local_turns
        self.up = False
        self.speaking: int | None = None
        self.spoken: dict[str, tuple[int, int]] = {}
        self.turns: list[str] = []

    def step(self, operation: str, argument: object) -> None:
        live = self.live
        match operation, argument:
            case "hear", int(n):
                live.hear(live.heard + 160 * n)
            case "start", int(n) if self.speaking is None and self.local:
                # The pre-roll of a turn never reaches into the turn before.
                last = max((end for _, end in self.spoken.values()), default=0)
                self.speaking = max(last, live.heard - 160 * n)
                self.turns.append(live.start(self.speaking))
            case "end", int(n) if self.speaking is not None:
                self.finish(max(self.speaking + 1, live.heard + 160 * (n - 2)))
            case "type", _:
                turn = f"local:t{len(self.turns)}"
                self.turns.append(turn)
                live.do(live.uplink.typed(turn, "hello", live.now_s))
            case "connect", _ if not self.up:
                self.up = True
                live.downlink.on_link(Connecting(), live.now_s)
                live.connect()
            case "disconnect", _ if self.up:
                self.up = False
                live.disconnect()
            case "unavailable", _ if not self.up:
                live.do(live.downlink.link_gone("quota"))
            case "server", event if self.up:
                live.server(event)
            case "result", str(call):
                live.tool_result(call, {})
            case "wait", float(seconds):
                live.wait(seconds)
        if live.wants_out and self.up:
            self.up = False
            live.disconnect("left")

    def finish(self, end: int) -> None:
        assert self.speaking is not None
        self.live.end(self.speaking, end)
        self.spoken[f"local:{self.speaking}"] = (self.speaking, end)
        self.speaking = None

    def quiet_down(self) -> None:
        """The user falls silent and the server never says anything again."""
        if self.speaking is not None:
            self.finish(max(self.speaking, self.live.heard) + 1)
        self.live.hear(self.live.heard + 6400)
        for _ in range(4 * len(self.turns) + 4):
            self.step("connect", None)
            self.live.wait(100.0)
            self.step("wait", 0.1)


LIMITS = st.builds(
    Limits,
    blocking=st.booleans(),
    follow_up_s=st.sampled_from([0.0, 2.0]),
    longest_answer_s=st.sampled_from([0.05, 30.0, 600.0]),
    unasked=st.sampled_from(UnaskedRule),
)


@settings(max_examples=400)
@given(st.lists(OPERATIONS, max_size=60), LIMITS)
def test_each_turn_ends_exactly_once_and_says_nothing_afterwards(
    operations: list[tuple[str, object]], limits: Limits
) -> None:
    story = Story(limits)
    for operation, argument in operations:
        story.step(operation, argument)
    story.quiet_down()
    ended: set[str] = set()
    samples: dict[str, int] = {}
    for frame in story.live.frames:
        if isinstance(frame, AnswerAudio):
            assert frame.turn not in ended
            assert frame.position == samples.get(frame.turn, 0)
            samples[frame.turn] = frame.position + len(frame.pcm) // 2
        elif isinstance(frame, AnswerEnded):
            assert frame.turn not in ended
            assert frame.samples == samples.get(frame.turn, 0)
            ended.add(frame.turn)
    assert {turn for turn in ended if not is_unasked(turn)} == set(story.turns)
    # What nobody asked for ends too, if anything of it was heard.
    assert set(samples) <= ended
    assert story.live.idle
    if limits.unasked is UnaskedRule.NONE:
        reports = len(story.live.sent_texts("The function"))
        assert len({turn for turn in samples if is_unasked(turn)}) <= reports


@settings(max_examples=400)
@given(st.lists(OPERATIONS, max_size=60))
def test_result_of_a_function_is_told_to_a_connection_once(
    operations: list[tuple[str, object]],
) -> None:
    story = Story(Limits(blocking=False, follow_up_s=2.0))
    for operation, argument in operations:
        story.step(operation, argument)
    story.quiet_down()
    assert story.live.idle
    for sent in (*story.live.connections, story.live.sent):
        replied = [step.reply.name for step in sent if isinstance(step, SendReply)]
        reported = [step.text for step in sent if isinstance(step, SendText)]
        told = [text for text in reported if text.startswith("The function")]
        for name in ("move", "look"):
            assert sum(f"function {name}," in text for text in told) <= 1
            assert not (name in replied and any(f"function {name}," in text for text in told))


@settings(max_examples=400)
@given(st.lists(OPERATIONS, max_size=60))
def test_no_sample_of_a_turn_is_lost_or_doubled_on_any_connection(
    operations: list[tuple[str, object]],
) -> None:
    story = Story()
    for operation, argument in operations:
        story.step(operation, argument)
    story.quiet_down()
    starts = dict(story.spoken.values())
    for sent in (*story.live.connections, story.live.sent):
        for pieces, ended in activities(sent):
            whole = joined(pieces)
            positions = [position for piece in whole for position in piece]
            assert positions == sorted(positions)
            if ended:
                start, end = whole[-1] if whole else (0, 0)
                assert any(start <= first and end >= last for first, last in starts.items())
            for start, _ in whole:
                assert start in starts or any(s <= start < e for s, e in starts.items())


@given(st.lists(OPERATIONS, max_size=60))
def test_each_call_id_is_answered_at_most_once_on_a_connection(
    operations: list[tuple[str, object]],
) -> None:
    story = Story()
    for operation, argument in operations:
        story.step(operation, argument)
    for sent in (*story.live.connections, story.live.sent):
        ids = [step.reply.wire_id for step in sent if hasattr(step, "reply")]
        assert len(ids) == len(set(ids))
    assert len(story.live.calls()) == len(set(story.live.calls()))


@given(st.lists(OPERATIONS, max_size=60))
def test_server_side_detection_ends_every_turn_it_began(
    operations: list[tuple[str, object]],
) -> None:
    story = Story(Limits(local_turns=False))
    for operation, argument in operations:
        story.step(operation, argument)
    story.quiet_down()
    begun = {f.turn for f in story.live.frames if isinstance(f, AnswerAudio)}
    ended = [f.turn for f in story.live.frames if isinstance(f, AnswerEnded)]
    assert len(ended) == len(set(ended))
    assert begun <= set(ended)
