"""What a scenario can make the simulator do, one model an action."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from actors.backends.gemini.wire.http_error import HttpError
from actors.simulator.answer_actions import (
    BreakOff,
    Burst,
    CallFunction,
    EarlyTurnComplete,
    EmptyTurn,
    GenerationCompleteOnly,
    LateTranscript,
    NoUsage,
    SayInterrupted,
    SayText,
    ScenarioAction,
    Slow,
    SpeakUnasked,
    WithoutEnd,
)
from actors.simulator.errors import Close, close_preset, http_preset, presets, quota_error
from pipeline.errors import did_you_mean


class CloseSession(ScenarioAction):
    """Send a close frame, either `preset` or `code` and `reason`."""

    kind: Literal["close"] = "close"
    preset: str | None = None
    code: int | None = Field(None, ge=1000, le=4999)
    reason: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "CloseSession":
        _check_either("close", self.preset, "code", self.code)
        return self

    def close(self) -> Close:
        """The close frame to send."""
        return close_preset(self.preset) if self.preset else Close(self.code or 1000, self.reason)


class Stall(ScenarioAction):
    """Keep the socket open and accept everything, but send nothing any more."""

    kind: Literal["stall"] = "stall"


class Cut(ScenarioAction):
    """Reset the TCP connection."""

    kind: Literal["cut"] = "cut"


class Vanish(ScenarioAction):
    """Stop reading and writing, as when packets are lost; the socket stays open."""

    kind: Literal["vanish"] = "vanish"


class Refuse(ScenarioAction):
    """Answer the handshake or the HTTP request with an error."""

    kind: Literal["refuse"] = "refuse"
    preset: str | None = None
    status: int | None = Field(None, ge=400, le=599)
    body: str = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "Refuse":
        _check_either("http", self.preset, "status", self.status)
        return self

    def error(self) -> HttpError:
        """The error to answer with; for a bare `status` the message is `body`."""
        if self.preset:
            return http_preset(self.preset)
        return HttpError(self.status or 503, "UNKNOWN", self.body)


class RefuseTcp(ScenarioAction):
    """Stop listening for a while: connections are refused. Open ones stay."""

    kind: Literal["refuse_tcp"] = "refuse_tcp"
    for_s: float = Field(gt=0)


class WrongCertificate(ScenarioAction):
    """Offer a certificate of an unknown authority to new connections for a while."""

    kind: Literal["wrong_certificate"] = "wrong_certificate"
    for_s: float = Field(gt=0)


class Garbage(ScenarioAction):
    """Send a frame that is no Gemini message."""

    kind: Literal["garbage"] = "garbage"
    form: Literal["binary", "text", "json"] = "binary"


class UnknownFrame(ScenarioAction):
    """Send well-formed JSON with a field no client knows."""

    kind: Literal["unknown_frame"] = "unknown_frame"


class ErrorFrame(ScenarioAction):
    """Send an error as a message, wrapped in `error` or flat."""

    kind: Literal["error_frame"] = "error_frame"
    code: int = 503
    message: str = "The service is currently unavailable."
    status: str = "UNAVAILABLE"
    flat: bool = False


class FirstFrameError(ErrorFrame):
    """Answer setup with an error message instead of setupComplete."""

    kind: Literal["first_frame_error"] = "first_frame_error"  # type: ignore[assignment]


class NoSetupReply(ScenarioAction):
    """Never answer setup."""

    kind: Literal["no_setup_reply"] = "no_setup_reply"


class SendGoAway(ScenarioAction):
    """Announce the end of the connection, then go quiet or work on, and close at the deadline."""

    kind: Literal["goaway"] = "goaway"
    time_left_s: float = Field(50, ge=0)
    then: Literal["quiet", "close"] = "close"


class CancelCalls(ScenarioAction):
    """Cancel every pending call of a function that does not block."""

    kind: Literal["cancel_calls"] = "cancel_calls"


class RejectResume(ScenarioAction):
    """Close a session that resumes with a handle; 1006: without a close frame."""

    kind: Literal["reject_resume"] = "reject_resume"
    code: int = 1007
    reason: str = "Invalid session handle"


class Quota(ScenarioAction):
    """Close with 1011 and the text of an exhausted quota."""

    kind: Literal["quota"] = "quota"


class HttpQuota(ScenarioAction):
    """Answer an HTTP request with 429, QuotaFailure and RetryInfo."""

    kind: Literal["http_quota"] = "http_quota"
    per: Literal["day", "minute"] = "minute"
    retry_s: float = Field(29, ge=0)

    def error(self, model: str) -> HttpError:
        """The error to answer with."""
        return quota_error(self.per, self.retry_s, model)


AnyAction = Annotated[
    SayText
    | CallFunction
    | CloseSession
    | Stall
    | Cut
    | Vanish
    | Refuse
    | RefuseTcp
    | WrongCertificate
    | Garbage
    | UnknownFrame
    | ErrorFrame
    | FirstFrameError
    | NoSetupReply
    | SendGoAway
    | EarlyTurnComplete
    | EmptyTurn
    | GenerationCompleteOnly
    | SayInterrupted
    | SpeakUnasked
    | WithoutEnd
    | BreakOff
    | NoUsage
    | LateTranscript
    | Slow
    | Burst
    | CancelCalls
    | RejectResume
    | Quota
    | HttpQuota,
    Field(discriminator="kind"),
]


def _check_either(section: str, preset: str | None, name: str, value: int | None) -> None:
    if (preset is None) == (value is None):
        raise ValueError(f"give either preset or {name}")
    if preset is not None and preset not in presets()[section]:
        hint = did_you_mean(preset, presets()[section])
        raise ValueError(f"no {section} preset {preset!r}; {hint}")
