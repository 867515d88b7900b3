"""Documents and webhooks in the manner of Twilio: also SignalWire's, and TeXML of Telnyx."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from actors.gateway.phone.doors.call_notice import (
    CallNotice,
    NoticeKind,
    direction_named,
    texts_of,
)
from actors.gateway.phone.doors.call_program import (
    DialStep,
    OutboundCall,
    SpokenStep,
    Step,
    StreamOffer,
    WebhookAnswer,
)
from actors.gateway.phone.doors.signatures.signed_request import SignedRequest
from actors.gateway.phone.doors.xml import add, add_parameters, xml_answer

OVER = {"completed", "busy", "failed", "no-answer", "canceled"}
"""Words for a call that is over, or never came about."""
MACHINES = ("machine", "fax")
"""Words for who answered begin so: `machine_start`, `machine_end_beep`, `fax`, ..."""


def laml_notice(request: SignedRequest) -> CallNotice:
    """Return what a webhook says."""
    said = texts_of(request.said)
    status = said.get("CallStatus", "")
    answered_by = said.get("AnsweredBy", "")
    if status in OVER:
        kind = NoticeKind.ENDED
    elif answered_by.startswith(MACHINES):
        kind = NoticeKind.MACHINE
    elif answered_by == "human":
        kind = NoticeKind.PERSON
    else:
        kind = NoticeKind.CHANGED
    return CallNotice(
        kind,
        said.get("CallSid", ""),
        said.get("From", ""),
        said.get("To", ""),
        direction_named(said.get("Direction", "")),
        status or answered_by,
        said,
    )


def laml_stream(offer: StreamOffer, **attributes: str) -> WebhookAnswer:
    """Return the document that opens a socket both ways; the call ends with the socket."""
    response = Element("Response")
    stream = add(add(response, "Connect"), "Stream", url=offer.url, **attributes)
    add_parameters(stream, offer.parameters)
    return xml_answer(response)


def laml_program(steps: Sequence[Step], say: str = "Say", sip: str = "Sip") -> WebhookAnswer:
    """Return the document that does something else.

    Args:
        steps: What.
        say, sip: Names of two elements; Plivo has its own.
    """
    response = Element("Response")
    for step in steps:
        match step:
            case SpokenStep():
                add(response, say, step.text, language=step.language)
            case DialStep():
                dial = add(response, "Dial", callerId=step.caller_id)
                kind = sip if step.number.startswith("sip:") else "Number"
                add(dial, kind, step.number)
            case _:
                add(response, "Hangup")
    return xml_answer(response)


def laml_call(call: OutboundCall) -> dict[str, str]:
    """Return the form of the request that starts a call."""
    form = {
        "To": call.to,
        "From": call.from_number,
        "Url": call.answer_url,
        "StatusCallback": call.status_url,
        "Timeout": str(call.rings_s),
    }
    if call.machine_url:
        form |= {
            "MachineDetection": "DetectMessageEnd",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": call.machine_url,
        }
    return form
