"""Functions that a caller's own client answers, not the pipeline."""

from __future__ import annotations

from pipeline.frames import SessionOpened, ToolCall, ToolCancel


class ClientFunctions:
    """Those of one session, and which calls of them were made."""

    def __init__(self, opened: SessionOpened) -> None:
        self._names = {declared.get("name") for declared in opened.functions}
        self._called: set[str] = set()

    def answers(self, frame: ToolCall | ToolCancel) -> bool:
        """Return whether a call, or the call that is given up, is the client's to answer."""
        if isinstance(frame, ToolCall) and frame.name in self._names:
            self._called.add(frame.call_id)
        return frame.call_id in self._called
