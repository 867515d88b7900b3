"""What a pipeline under test is started with."""

from __future__ import annotations

import json
from dataclasses import dataclass

COMMAND = "greenroom"
"""The name under which it is installed."""


@dataclass(frozen=True)
class StartRequest:
    """`command` is without the name of the program."""

    command: list[str]
    environment: dict[str, str]
    folder: str

    def pack(self) -> bytes:
        return json.dumps([self.command, self.environment, self.folder]).encode()

    @classmethod
    def unpack(cls, message: bytes) -> StartRequest:
        return cls(*json.loads(message))
