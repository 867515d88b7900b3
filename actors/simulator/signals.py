"""What a session tells about its turns beside the answers: ends, interruptions, calls, handles."""

from typing import TYPE_CHECKING, Any

from actors.simulator.conversation import ConversationRecord
from actors.simulator.grounding import metadata
from actors.simulator.journal import ToolCallRecord
from actors.simulator.plan import TurnPlan
from actors.simulator.setup import SessionConfig
from actors.simulator.transcripts import Transcripts
from actors.simulator.turn import TurnTask
from actors.simulator.usage import TokenUsage

if TYPE_CHECKING:
    from actors.simulator.session import LiveSession


class Signals:
    """Sends them; what they mean for the turns is the dialogue's affair."""

    def __init__(
        self, session: "LiveSession", config: SessionConfig, conversation: ConversationRecord
    ) -> None:
        self._session = session
        self._config = config
        self._conversation = conversation
        self._resumable = True
        self.usage = TokenUsage(conversation.tokens)
        whole = config.family.role == "transcribes"
        self.transcripts = Transcripts(self.transcript, session.services.random, whole=whole)

    def transcript(self, text: str) -> None:
        """Words of the user, if the client asked for transcripts."""
        if text and self._config.heard is not None:
            self._send({"inputTranscription": self._config.heard.message(text)})

    def transcript_later(self, turn: TurnTask) -> None:
        """Words that a scenario wants to come late."""
        late = turn.hearing.take_late_transcript()
        if late:
            delay_s = turn.plan.transcript_delay_ms / 1000
            self._session.later(delay_s, self.transcript, late)

    def generation_complete(self) -> None:
        """All of an answer has been sent."""
        self._send({"generationComplete": True})

    def grounding(self, query: str, said: str) -> None:
        """Where an answer comes from."""
        self._send({"groundingMetadata": metadata(query, said)})

    def interrupted(self) -> None:
        """New input ends an answer or its playback."""
        self._send({"interrupted": True})

    def turn_complete(self, turn: TurnTask, *, idle: bool) -> None:
        """An answer has been played; a model that thinks says whether it goes on."""
        content: dict[str, Any] = {"turnComplete": True}
        if self._config.family.idle_status:
            content["interactionStatus"] = "IDLE" if idle else "IN_PROGRESS"
        message: dict[str, Any] = {"serverContent": content}
        reported = self.usage.report(turn.take_tokens(), turn.take_thoughts())
        if turn.plan.usage:
            message["usageMetadata"] = reported
        self._session.send(message)

    def idle(self) -> None:
        """Nothing is under way, and nothing was said about it."""
        if self._config.family.idle_status:
            # Documented: IDLE never comes but with a turnComplete.
            self._send({"turnComplete": True, "interactionStatus": "IDLE"})

    def calls(self, calls: list[ToolCallRecord], plan: TurnPlan) -> None:
        """Calls, in one message; lets the scenario act while they are pending."""
        listed = [{"id": call.id, "name": call.name, "args": call.args} for call in calls]
        self._session.send({"toolCall": {"functionCalls": listed}})
        self._session.fire("tool_call", plan)

    def cancelled(self, calls: list[ToolCallRecord]) -> None:
        """Calls are not to be carried out."""
        if not calls:
            return
        self._session.send({"toolCallCancellation": {"ids": [call.id for call in calls]}})
        for call in calls:
            call.outcome = "cancelled"

    def not_resumable(self) -> None:
        """Documented: a session cannot be resumed while the model generates or calls functions."""
        if self._config.resumption and self._resumable:
            self._resumable = False
            self._session.send({"sessionResumptionUpdate": {"resumable": False}})

    def handle(self) -> None:
        """A handle for the conversation as it is now, if the client asked for handles."""
        if not self._config.resumption or not self._session.live:
            return
        record = self._session.record
        handle = self._session.services.handles.issue(
            record.number, self._conversation, self._config.model.id
        )
        self._resumable = True
        record.handles.append(handle)
        self._session.send({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}})

    def _send(self, content: dict[str, Any]) -> None:
        self._session.send({"serverContent": content})
