"""The header every frame carries, and the registry of frame types."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
"""Version of the wire format; a frame of any other version is dropped and counted."""

FRAME_TYPES: dict[str, type[Frame]] = {}
"""Every frame class by the name it has on the wire."""

FrameT = TypeVar("FrameT", bound="Frame")
_set = object.__setattr__


class Frame(BaseModel):
    """One message on a stream.

    The publisher fills in `seq`, `boot` and `sent_ns`; an actor that leaves out `session` means its
    own, which `Actor.publish` fills in. On the wire none of them is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type_name: ClassVar[str] = ""
    """Value of `type` on the wire; set by each frame class."""

    session: str = Field("", description="Conversation this frame belongs to.")
    origin_ns: int = Field(
        0, description="Monotonic time of capture in ns, kept through every hop; 0 is 'now'."
    )
    seq: int = Field(0, ge=0, description="Counts the frames of one stream from 0.")
    boot: int = Field(0, ge=0, description="Grows each time the producer's process starts.")
    sent_ns: int = Field(0, description="Monotonic time of sending in ns.")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.type_name:
            FRAME_TYPES[cls.type_name] = cls


def assemble(frame_type: type[FrameT], fields: dict[str, Any], names: set[str]) -> FrameT:
    """Return a frame of fields that are all there and right; nothing looks at them.

    Args:
        frame_type: Of the frame.
        fields: All of them; the frame keeps the map.
        names: Of all of them; shared by all frames, none of which ever changes.
    """
    frame = frame_type.__new__(frame_type)
    # As pydantic's own model_construct does it.
    _set(frame, "__dict__", fields)
    _set(frame, "__pydantic_fields_set__", names)
    _set(frame, "__pydantic_extra__", None)
    _set(frame, "__pydantic_private__", None)
    return frame
