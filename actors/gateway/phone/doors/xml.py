"""Answers in XML, as Twilio and those after it take them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from actors.gateway.phone.doors.call_program import WebhookAnswer

FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document may have in it (XML 1.0, 2.2)."""
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def add(parent: Element, tag: str, text: str = "", /, **attributes: str) -> Element:
    """Add an element, without those attributes that are empty."""
    given = {key: FORBIDDEN.sub("", value) for key, value in attributes.items() if value}
    child = SubElement(parent, tag, given)
    child.text = FORBIDDEN.sub("", text) or None
    return child


def add_parameters(parent: Element, parameters: Mapping[str, str]) -> None:
    """Add what the first message of the socket is to say again."""
    for name, value in parameters.items():
        add(parent, "Parameter", name=name, value=value)


def xml_answer(response: Element) -> WebhookAnswer:
    """Return it as the answer of a webhook."""
    return WebhookAnswer(document(response), "text/xml")


def document(response: Element) -> str:
    """Return it as text."""
    return DECLARATION + tostring(response, encoding="unicode")
