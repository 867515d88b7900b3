"""The HTTP side: models, content generation, token counts, and the journal."""

import asyncio
import time
from typing import Any

from actors.backends.gemini.wire import Invalid, read
from actors.backends.gemini.wire.http_error import HttpError, model_not_found
from actors.backends.gemini.wire.routes import STREAMED, HttpRoute, find_route
from actors.backends.gemini.wire.stream_form import StreamForm
from actors.backends.gemini.wire.tokens import counted
from actors.simulator import actions, file_api, generation, speech_generation
from actors.simulator.admission import key_of
from actors.simulator.answer_actions import ScenarioAction
from actors.simulator.capabilities import HttpFamily, SimulatedModel
from actors.simulator.content_request import ContentRequest
from actors.simulator.embeddings import embed
from actors.simulator.errors import http_preset
from actors.simulator.http_messages import HttpRequest, Responder
from actors.simulator.journal import RequestRecord
from actors.simulator.plan import TurnPlan
from actors.simulator.routes import FILE_METHODS, JOURNAL_PATH, METHODS, is_simulated
from actors.simulator.services import Services

# Documented default of models.list; what is above its maximum is more than there are.
DEFAULT_PAGE_SIZE = 50


class Withheld(Exception):  # noqa: N818 - nothing is wrong: a scenario wants no answer
    """The request gets no answer; `action` says what happens to the connection."""

    def __init__(self, action: ScenarioAction) -> None:
        super().__init__()
        self.action = action


class Api:
    """Answers requests; scenario rules for `http` come before everything else."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, request: HttpRequest, responder: Responder) -> None:
        """Answers one request, if need be with an error body."""
        if request.method == "OPTIONS":
            responder.send_preflight()
            return
        if request.path == JOURNAL_PATH:
            arrivals = request.query.get("arrivals") == "1"
            responder.send_json(200, self._services.journal.to_json(arrivals))
            return
        route = find_route(request.method, request.path)
        journal = self._services.journal
        record = RequestRecord(route.method, route.name, journal.now_s(), time.monotonic_ns())
        journal.requests.append(record)
        responder.record = record
        try:
            await self._route(route, request, responder, record)
        except HttpError as error:
            _send_error(error, request, responder, record)
        except Invalid as invalid:
            bad = HttpError(400, "INVALID_ARGUMENT", invalid.message, invalid.details())
            _send_error(bad, request, responder, record)
        except Withheld as withheld:
            await self._withhold(responder, withheld.action)
        record.ended_ns = time.monotonic_ns()

    async def _route(
        self,
        route: HttpRoute,
        request: HttpRequest,
        responder: Responder,
        record: RequestRecord,
    ) -> None:
        method, version, name = route.method, route.version, route.name
        plan = self._scripted(method, name)
        error = self._services.admission.key_error(key_of(request.headers, request.query))
        # The address of an upload that was begun is a secret, and needs no key.
        goes_on = method == "files.upload" and "upload_id" in request.query
        if error is not None and not goes_on:
            raise error
        if not is_simulated(route):
            raise _not_answered(route)
        if method in FILE_METHODS:
            await file_api.answer(self._services.files, route, request, responder)
            return
        if method == "models.list":
            responder.send_json(200, _model_page(self._listed(version), request))
            return
        if method == "authTokens.create":
            responder.send_json(
                200, self._services.admission.tokens.create(request.json()).to_json()
            )
            return
        if method == "models.get":
            model = self._services.models.named(name)
            if model is None or version not in model.versions:
                raise HttpError(404, "NOT_FOUND", model_not_found(name, version, method))
            responder.send_json(200, _model_json(model))
            return
        wanted = "generateContent" if method == STREAMED else method
        model = self._services.models.find(name, version, wanted)
        if model is None:
            raise HttpError(404, "NOT_FOUND", model_not_found(name, version, method))
        if method == "countTokens":
            responder.send_json(200, await _count(self._services, request.json(), model, version))
            return
        if method in ("embedContent", "batchEmbedContents"):
            answered = await asyncio.to_thread(embed, method, request.json(), model, version)
            responder.send_json(200, answered)
            return
        family = self._services.models.http_families[model.family]
        content = ContentRequest.parse(request.json(), model, family, version)
        record.instruction, record.config = content.system_instruction, content.config
        record.functions = [str(function["name"]) for function in content.functions]
        answer = speech_generation.answer if family.speaks else generation.answer
        await answer(
            self._services,
            content,
            responder,
            streamed=method == STREAMED,
            plan=plan,
            record=record,
        )

    def _listed(self, version: str) -> list[SimulatedModel]:
        return [model for model in self._services.models.models if version in model.versions]

    def _scripted(self, method: str, model: str) -> TurnPlan:
        plan = TurnPlan(self._services.pacing)
        listening = self._services.listening
        for action in self._services.rules.fire("http", 0, self._names(method, model)):
            match action:
                case actions.Refuse():
                    raise action.error()
                case actions.HttpQuota():
                    raise action.error(model)
                case actions.Stall() | actions.Cut() | actions.Vanish():
                    raise Withheld(action)
                case actions.RefuseTcp():
                    listening.refuse_tcp(action.for_s)
                case actions.WrongCertificate():
                    listening.wrong_certificate(action.for_s)
                case _:
                    plan.apply(action)
        return plan

    def _names(self, method: str, name: str) -> tuple[str, ...]:
        """What a rule may call a request: its method, or what it is for, whatever the method."""
        model = self._services.models.named(name)
        family = self._services.models.http_families.get(model.family) if model else None
        if family is None:
            return (method,)
        return (method, "speech" if family.speaks else "words")

    async def _withhold(self, responder: Responder, action: ScenarioAction) -> None:
        connection = responder.connection
        match action:
            case actions.Cut():
                connection.reset()
            case actions.Vanish():
                connection.vanish()
        await responder.withhold()


def _not_answered(route: HttpRoute) -> HttpError:
    if not route.exists:
        return http_preset("not_found")
    message = (
        f"The simulator has no {route.method}: this method of the service is not simulated. "
        f"It has {', '.join(METHODS)} and the Live API."
    )
    return HttpError(501, "UNIMPLEMENTED", message)


def _send_error(
    error: HttpError, request: HttpRequest, responder: Responder, record: RequestRecord
) -> None:
    body: Any = error.body()
    if record.method == STREAMED and request.stream_form is StreamForm.ARRAY:
        body = [body]
    responder.send_json(error.code, body)


async def _count(
    services: Services, body: Any, model: SimulatedModel, version: str
) -> dict[str, Any]:
    given = read("CountTokensRequest", body, version)
    asked = given.pop("generateContentRequest", None)
    if asked is not None and given:
        raise http_preset("invalid_argument")
    # Nothing is generated: signatures are of no concern.
    family = HttpFamily(speaks=False)
    request = ContentRequest.parse(given if asked is None else asked, model, family, version)
    return counted(await generation.count(services, request))


def _model_page(models: list[SimulatedModel], request: HttpRequest) -> dict[str, Any]:
    page, following = request.page(len(models), DEFAULT_PAGE_SIZE)
    return {"models": [_model_json(model) for model in models[page]], **following}


def _model_json(model: SimulatedModel) -> dict[str, Any]:
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.name,
        "description": f"{model.name}, simulated",
        "inputTokenLimit": model.input_tokens,
        "outputTokenLimit": model.output_tokens,
        "supportedGenerationMethods": model.methods,
    }
