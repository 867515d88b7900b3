"""A language model in the house: asked what the device cannot answer by itself."""

from actors.backends.on_device.mind.chat import ChatRequest, MindError
from actors.backends.on_device.mind.conversing import Question, converse

__all__ = ["ChatRequest", "MindError", "Question", "converse"]
