"""What a client adds to the conversation without asking for an answer: contents and pictures."""

from collections.abc import Callable
from typing import Literal

from actors.simulator.conversation import ConversationRecord
from actors.simulator.usage import text_tokens


class SessionContext:
    """Adds to the conversation of a session, and knows what no turn has taken up yet."""

    def __init__(
        self, conversation: ConversationRecord, pictures_began: Callable[[], None]
    ) -> None:
        self._pictures_began = pictures_began
        self._conversation = conversation
        self._new_pictures = 0
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

    def turn_began(self) -> None:
        """What was open is history now."""
        self.open_entries = range(0)

    def take_new_pictures(self) -> int:
        """How many pictures came since the last turn."""
        count, self._new_pictures = self._new_pictures, 0
        return count
