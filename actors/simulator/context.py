"""What a client adds to the conversation, and no turn has taken up: contents, sounds, pictures."""

from collections.abc import Callable
from typing import Literal

from actors.backends.gemini.wire import INVALID_ARGUMENT
from actors.backends.gemini.wire.tokens import text_tokens
from actors.simulator.conversation import ConversationRecord
from actors.simulator.errors import Refused

# Of sounds that wait for a turn: as much as the base64 of a request over HTTP may carry inline.
MAX_SOUND_BYTES = 75 * 2**20


class SessionContext:
    """Adds to the conversation of a session, and knows what no turn has taken up yet."""

    def __init__(
        self, conversation: ConversationRecord, pictures_began: Callable[[], None]
    ) -> None:
        self._pictures_began = pictures_began
        self._conversation = conversation
        self._new_pictures = 0
        self._sounds: list[tuple[bytes, str]] = []
        self.open_entries = range(0)
        """Entries of the conversation that wait for the client to complete its turn."""

    def append(self, role: Literal["user", "model"], text: str) -> None:
        """A content of the client belongs to the conversation; nothing is answered yet."""
        before = len(self._conversation.entries)
        self._conversation.add(role, text)
        after = len(self._conversation.entries)
        if role == "model":
            before = after
        elif self.open_entries:
            before = self.open_entries.start
        self.open_entries = range(before, after)
        self._conversation.tokens["TEXT"] += text_tokens(text)

    def add_picture(self, width: int, height: int) -> None:
        """Another picture belongs to the conversation. Sizes are in pixels."""
        self._new_pictures += 1
        self._conversation.pictures += 1
        self._conversation.picture_size = width, height
        if self._conversation.pictures == 1:
            self._pictures_began()

    def add_sound(self, data: bytes, mime_type: str) -> None:
        """A sound within a content: it is heard with the next turn. Raises Refused."""
        self._sounds.append((data, mime_type))
        if sum(len(each) for each, _ in self._sounds) > MAX_SOUND_BYTES:
            raise Refused(1007, INVALID_ARGUMENT)

    def take_sounds(self) -> list[tuple[bytes, str]]:
        """The sounds that came since the last turn, each with its MIME type."""
        sounds, self._sounds = self._sounds, []
        return sounds

    def turn_began(self) -> None:
        """What was open is history now."""
        self.open_entries = range(0)

    def take_new_pictures(self) -> int:
        """How many pictures came since the last turn."""
        count, self._new_pictures = self._new_pictures, 0
        return count
