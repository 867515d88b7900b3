"""The `live` actor: hands frames to the conversation they belong to."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import OrderedDict
from typing import Any

from actors.backends.gemini.live.options import LiveOptions
from actors.backends.gemini.live.service import Service
from actors.backends.realtime.conversation import Conversation
from actors.backends.realtime.ports import INPUTS, OUTPUTS
from actors.backends.realtime.shared import Shared
from actors.backends.realtime.status_reporter import Showcase
from actors.backends.realtime.toolbox import Toolbox
from actors.backends.turnwise.sessions import MOST_SESSIONS
from pipeline.actor import Actor, Surroundings
from pipeline.frames import (
    Audio,
    Image,
    Playback,
    Route,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)

SWEEP_S = 5.0
"""How late a session may be found to be over."""
REMEMBER_ENDED_S = 60.0
"""Longer than any producer retains sound, so that what is replayed after a restart is not taken
for a new session."""
REMEMBER_SILENT_S = 300.0
"""Without a frame from the user: nobody waits so long for a network to come back."""
KEPT_ROUTES = 1000
"""For sessions that have not spoken here yet; as many as a publisher retains."""


class Live(Actor[LiveOptions]):
    """Answers turns over the Gemini Live API, each session on a connection of its own.

    The session of the config is connected from the start; others when they first speak or type,
    until their stream ends or nothing has come of them for long.
    """

    options_type = LiveOptions
    preload = ("actors.backends.gemini.live.tables", "actors.backends.gemini.sdk")
    inputs = INPUTS
    outputs = OUTPUTS

    def __init__(self, options: LiveOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._local_turns = "speech" in surroundings.connected
        self._service = Service(options, surroundings, self.checkpoint)
        self._toolbox = Toolbox("offer" in surroundings.connected, self.log)
        self._showcase = Showcase(self)
        self._serving = asyncio.Event()
        self._shared = Shared(
            self, self._service, self._toolbox, self._showcase, self._local_turns, self._serving
        )
        self._own = Conversation(self.session, self._shared)
        self._conversations = {self.session: self._own}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._routes: OrderedDict[str, Route] = OrderedDict()
        self._listening: set[str] = set()
        self._early: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Import the SDK and take up what a killed process left off."""
        importlib.import_module("actors.backends.gemini.sdk")
        self._own.begin()
        self._service.begin()
        if not self._local_turns:
            self.attend("audio")
        if not self.surroundings.checkpoint:
            # Nothing was left off of which others have yet to tell: connect while they get ready.
            self._early = self.spawn(self._own.run(), self.session)
        for name in self.checkpoint.get("sessions", []):
            self._open(name)

    async def run(self) -> None:
        """Keep connections for as long as they are of use."""
        self._serving.set()
        self.spawn(self._sweep(), "sweep")
        await (self._early or self._own.run())

    async def stop(self) -> None:
        """Let go of timers and of the client; the connections ended with `run`."""
        for conversation in self._conversations.values():
            conversation.stop()
        await self._service.close()

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """Keep the sound; what belongs to a turn goes out at once."""
        session = frame.session
        conversation = self._conversations.get(session) or self._open(session)
        conversation.on_audio(frame)
        if session in self._listening and not conversation.needs_sound:
            self._stop_listening(session)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        session = frame.session
        (self._conversations.get(session) or self._open(session)).on_speech(frame)
        if isinstance(frame, SpeechStarted):
            # As long as one of them is in a turn, the sound of all is read as it comes.
            self._listening.add(session)
            self.attend("audio")

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        session = frame.session
        conversation = self._conversations.get(session) or self._open(session)
        if conversation.ended:
            conversation.ended = False
            self._connect(conversation)
        conversation.on_text(frame)

    def on_video(self, frame: Image) -> None:
        """A picture for the session that is shown it."""
        if conversation := self._conversations.get(frame.session):
            conversation.on_video(frame)

    def on_offer(self, frame: ToolOffer) -> None:
        """The same tools serve all."""
        if self._toolbox.take(frame):
            for conversation in self._conversations.values():
                conversation.on_other_tools()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        if conversation := self._conversations.get(frame.session):
            conversation.on_results(frame)

    def on_transcript(self, frame: Transcript) -> None:
        """Somebody was understood or answered."""
        if conversation := self._conversations.get(frame.session):
            conversation.on_transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        if conversation := self._conversations.get(frame.session):
            conversation.on_playback(frame)

    def on_route(self, frame: Route) -> None:
        """A session's turns have an owner; it may not have said anything here yet."""
        self._routes[frame.session] = frame
        self._routes.move_to_end(frame.session)
        if len(self._routes) > KEPT_ROUTES:
            self._routes.popitem(last=False)
        if conversation := self._conversations.get(frame.session):
            conversation.on_route(frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn is closed, perhaps by another backend."""
        if conversation := self._conversations.get(frame.session):
            conversation.on_turns(frame)

    # Sessions.

    def _open(self, name: str) -> Conversation:
        if len(self._conversations) > MOST_SESSIONS:
            self._make_room()
        conversation = self._conversations[name] = Conversation(name, self._shared)
        conversation.begin()
        if route := self._routes.get(name):
            conversation.on_route(route)
        self._connect(conversation)
        self._note_sessions()
        return conversation

    def _connect(self, conversation: Conversation) -> None:
        async def run() -> None:
            # What it publishes would not be heard before.
            await self._serving.wait()
            await conversation.run()

        if conversation.name not in self._running and conversation is not self._own:
            self._running[conversation.name] = self.spawn(run(), conversation.name)

    def _hang_up(self, conversation: Conversation) -> None:
        task = self._running.pop(conversation.name, None)
        if task is not None:
            task.cancel()
            conversation.hang_up()
            self._showcase.forget(conversation.name)

    def _drop(self, conversation: Conversation) -> None:
        self._hang_up(conversation)
        del self._conversations[conversation.name]
        self._stop_listening(conversation.name)
        if conversation.ended:
            conversation.forget()
        self._note_sessions()

    def _stop_listening(self, session: str) -> None:
        self._listening.discard(session)
        if self._local_turns and not self._listening:
            self.relax("audio")

    def _make_room(self) -> None:
        idle = [each for each in self._others() if each.idle]
        if idle:
            self._drop(min(idle, key=lambda each: each.heard_s))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for conversation in self._others():
                silent_s = time.monotonic() - conversation.heard_s
                patience_s = REMEMBER_ENDED_S if conversation.ended else REMEMBER_SILENT_S
                if not conversation.idle:
                    continue
                if silent_s > patience_s:
                    self._drop(conversation)
                elif conversation.ended:
                    self._hang_up(conversation)

    def _others(self) -> list[Conversation]:
        return [each for each in self._conversations.values() if each is not self._own]

    def _note_sessions(self) -> None:
        others: list[Any] = [each.name for each in self._others()]
        self.checkpoint["sessions"] = others
