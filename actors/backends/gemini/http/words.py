"""The words of an answer: asked of the model, tools included, cut into sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from actors.backends.gemini.http.contents import config_of, contents_of
from actors.backends.gemini.http.heard import HeardSplitter
from actors.backends.gemini.usage import http_tokens
from actors.backends.turnwise.request import AnswerFailedError, AnswerRequest, Heard, Part, Words
from actors.lib.speech.sentences import SentenceSplitter
from pipeline.frames.values import problem_of, whole_text
from pipeline.languages import languages_of

if TYPE_CHECKING:
    from google.genai import types

    from actors.backends.gemini.http.options import HttpOptions
    from actors.backends.gemini.http.service import HttpService

MOST_ROUNDS = 8
"""Times the model may ask for tools in one turn; more is a loop."""
REFUSALS = (
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
)
"""Of the service's finishReasons: it will not say this, however often it is asked."""


class BlockedError(AnswerFailedError):
    """The service does not answer this: its policy."""


async def words_of(
    service: HttpService, options: HttpOptions, request: AnswerRequest
) -> AsyncGenerator[Part, None]:
    """Give what the user said, the sentences of the answer, and what they cost.

    Raises:
        ServiceFailedError: the service failed.
        BlockedError: it refused to answer.
        AnswerFailedError: the answer broke off, or the model asked for tools without end.
    """
    from google.genai import types

    contents = contents_of(request)
    config = config_of(options, request)
    told, tries = False, 2
    for _ in range(MOST_ROUNDS):
        a_round = _Round(told, next(iter(languages_of(options.language)), None))
        async with aclosing(service.stream(options.model, contents, config)) as pieces:
            async for piece in pieces:
                for part in a_round.add(piece):
                    yield part
        problem = a_round.problem
        if not problem:
            for part in a_round.finish():
                yield part
        told = a_round.told
        if a_round.usage is not None:
            yield http_tokens(options.model, a_round.usage, "text")
        if a_round.blocked in REFUSALS or a_round.refused:
            raise BlockedError(f"the service blocked the answer: {a_round.blocked}")
        if not a_round.calls:
            if not problem and (a_round.spoke or a_round.cut):
                return
            tries -= 1
            if tries and not a_round.spoke:
                continue
            if problem:
                raise AnswerFailedError(problem)
            return
        contents.append(types.Content(role="model", parts=a_round.parts))
        responses = await asyncio.gather(
            *(_carry_out(request, call, options.tool_timeout_s) for call in a_round.calls)
        )
        contents.append(types.Content(role="user", parts=list(responses)))
    raise AnswerFailedError(f"the model asked for tools more than {MOST_ROUNDS} times")


class _Round:
    """One response of the model; `told` says that the user's words have been given."""

    def __init__(self, told: bool, language: str | None) -> None:
        self.told = told
        self.parts: list[types.Part] = []
        self.calls: list[types.FunctionCall] = []
        self.usage: types.GenerateContentResponseUsageMetadata | None = None
        self.blocked = ""
        self.refused = False
        """The question was, before any answer."""
        self.cut = False
        """It is as long as it may be."""
        self.spoke = False
        self._ended = False
        self._heard = HeardSplitter()
        self._sentences = SentenceSplitter(language)

    def add(self, piece: types.GenerateContentResponse) -> list[Part]:
        """Return what a piece completes: the user's words, sentences."""
        self.usage = piece.usage_metadata or self.usage
        feedback = piece.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            self.blocked = str(feedback.block_reason.value)
            self.refused = True
        sentences: list[str] = []
        for candidate in (piece.candidates or [])[:1]:
            reason = candidate.finish_reason
            if reason is not None and reason.value != "FINISH_REASON_UNSPECIFIED":
                self._ended = True
                self.cut = reason.value == "MAX_TOKENS"
                if reason.value not in ("STOP", "MAX_TOKENS"):
                    self.blocked = str(reason.value)
            for part in (candidate.content.parts if candidate.content else None) or []:
                # As it came: a function call is answered with the model's signature on it.
                self.parts.append(part)
                part.text = whole_text(part.text)
                if part.function_call is not None:
                    self.calls.append(part.function_call.model_copy())
                    part.function_call.args = whole_text(part.function_call.args)
                    if problem_of(part.function_call.args):
                        # Not carried out, and the service does not take it back.
                        part.function_call.args = {}
                if part.text and not part.thought:
                    sentences += self._sentences.feed(self._heard.feed(part.text))
        return self._new_parts(sentences)

    @property
    def problem(self) -> str:
        """Why it is not the whole response, whose last words are then half a sentence."""
        if self.blocked:
            return f"the service broke off the answer: {self.blocked}"
        return "" if self._ended or self.calls else "the answer broke off: it has no end"

    def finish(self) -> list[Part]:
        """Return what is left when the response ends."""
        sentences = self._sentences.feed(self._heard.flush())
        return self._new_parts(sentences + self._sentences.flush())

    def _new_parts(self, sentences: list[str]) -> list[Part]:
        self.spoke = self.spoke or any(sentence.strip() for sentence in sentences)
        parts: list[Part] = [Words(sentence) for sentence in sentences if sentence]
        if self.told or not self._heard.heard:
            return parts
        self.told = True
        return [Heard(self._heard.heard), *parts]


async def given(text: str) -> AsyncGenerator[Part, None]:
    """Give the sentences of an answer that is known."""
    splitter = SentenceSplitter()
    for sentence in [*splitter.feed(text), *splitter.flush()]:
        yield Words(sentence)


async def _carry_out(
    request: AnswerRequest, call: types.FunctionCall, timeout_s: float
) -> types.Part:
    from google.genai import types

    name = call.name or ""
    response: dict[str, Any]
    try:
        async with asyncio.timeout(timeout_s):
            response = await request.call(name, dict(call.args or {}))
    except TimeoutError:
        response = {"error": "no result in time"}
    answer = types.FunctionResponse(id=call.id, name=name, response=response)
    return types.Part(function_response=answer)
