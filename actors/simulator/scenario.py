"""Scenario files: YAML rules that say exactly what the simulator does and when."""

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from actors.simulator.actions import AnyAction
from actors.simulator.answer_actions import ScenarioAction
from actors.simulator.routes import METHODS
from pipeline.errors import ConfigError, did_you_mean
from pipeline.yaml_text import YamlError, read_yaml

Trigger = Literal[
    "connect",
    "setup",
    "heard",
    "turn",
    "activity_start",
    "activity_end",
    "audio_ms",
    "answer_ms",
    "after_s",
    "tool_call",
    "tool_response",
    "http",
]
TRIGGERS: tuple[str, ...] = get_args(Trigger)
PLAIN_TRIGGERS = frozenset(
    {"connect", "setup", "activity_start", "activity_end", "tool_call", "tool_response"}
)
NUMERIC_TRIGGERS = frozenset({"turn", "audio_ms", "answer_ms", "after_s"})
HTTP_METHODS = frozenset({*METHODS, "speech", "words", "any"})
ACTIONS: dict[str, type[ScenarioAction]] = {
    action.model_fields["kind"].default: action for action in get_args(get_args(AnyAction)[0])
}
# Where an action makes sense only there; all others are for a session that is set up.
ONLY_AT: dict[str, frozenset[str]] = {
    "refuse": frozenset({"connect", "http"}),
    "http_quota": frozenset({"http"}),
    "first_frame_error": frozenset({"setup"}),
    "no_setup_reply": frozenset({"setup"}),
    "reject_resume": frozenset({"setup"}),
    "break_off": frozenset({"http"}),
}
POSSIBLE_AT: dict[str, frozenset[str]] = {
    "connect": frozenset(
        {"refuse", "refuse_tcp", "wrong_certificate", "stall", "cut", "vanish", "garbage"}
    ),
    "http": frozenset(
        {"refuse", "refuse_tcp", "wrong_certificate", "http_quota", "stall", "cut", "vanish"}
        | {"say", "call", "slow", "burst", "break_off"}
    ),
}
# The field that a bare value under the action's name fills: `say: "Hello."`.
SHORT_FORM = {
    "say": "text",
    "slow": "factor",
    "late_transcript": "ms",
    "unasked": "text",
    "break_off": "reason",
    "garbage": "form",
    "refuse_tcp": "for_s",
    "wrong_certificate": "for_s",
    "close": "preset",
    "refuse": "preset",
}


class Rule(BaseModel):
    """When something happens, do something.

    `times` limits how often the rule fires in the life of the server, `skip` lets it pass so often
    before it does, `session` restricts it to the nth connection (from 1), `probability` lets chance
    decide, seeded.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    trigger: Trigger
    value: str | float | None
    times: int | None = Field(None, ge=1)
    skip: int = Field(0, ge=0)
    session: int | None = Field(None, ge=1)
    probability: float = Field(1.0, ge=0, le=1)
    do: list[AnyAction] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "trigger" in data:
            return data
        rest = dict(data)
        if "when" not in rest:
            raise ValueError("a rule needs 'when'")
        trigger, value = _read_when(rest.pop("when"))
        actions = rest.pop("do", None)
        if not isinstance(actions, list):
            raise ValueError("'do' must be a list of actions")
        return {
            **rest,
            "trigger": trigger,
            "value": value,
            "do": [_read_action(item) for item in actions],
        }

    @model_validator(mode="after")
    def _actions_fit_trigger(self) -> "Rule":
        for action in self.do:
            kind: str = action.kind
            allowed = ONLY_AT.get(kind)
            if allowed is not None and self.trigger not in allowed:
                raise ValueError(f"{kind!r} works only at: {', '.join(sorted(allowed))}")
            possible = POSSIBLE_AT.get(self.trigger)
            if possible is not None and kind not in possible:
                raise ValueError(
                    f"{kind!r} is not possible at {self.trigger!r}; "
                    f"possible: {', '.join(sorted(possible))}"
                )
        return self


class Scenario(BaseModel):
    """A list of rules, tried in order at every event; all that match fire."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    rules: list[Rule] = []


def scenario_names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in _folder().glob("[!.]*.yaml"))


def load_scenario(source: str | Path | None) -> Scenario:
    """Loads a scenario by name or path; None is the empty one. Raises ConfigError."""
    if source is None:
        return Scenario()
    path = Path(source)
    if path.suffix not in {".yaml", ".yml"}:
        path = _folder() / f"{source}.yaml"
        if not path.is_file():
            hint = did_you_mean(str(source), scenario_names())
            raise ConfigError(f"no scenario {str(source)!r}; {hint} A path must end in .yaml.")
    try:
        loaded = read_yaml(path)
    except OSError as error:
        raise ConfigError(f"cannot read scenario {path}: {error.strerror}") from error
    except YamlError as error:
        raise ConfigError(f"scenario {path} is no valid YAML: {error}") from error
    return parse_scenario(loaded, str(path))


def parse_scenario(data: Any, name: str) -> Scenario:
    """Checks a scenario already read from YAML; `name` is for error messages."""
    try:
        return Scenario.model_validate(data or {})
    except ValidationError as error:
        lines = [f"  {_place(item['loc'])}: {_complaint(item)}" for item in error.errors()]
        raise ConfigError("\n".join([f"scenario {name}:", *lines])) from error


def _folder() -> Path:
    return Path(__file__).with_name("scenarios")


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"


def _complaint(item: ErrorDetails) -> str:
    if item["type"] != "extra_forbidden":
        return item["msg"].removeprefix("Value error, ")
    depth = len(item["loc"])
    if depth == 1:
        fields = set(Scenario.model_fields)
    elif depth == 3:
        fields = {"when", *Rule.model_fields} - {"trigger", "value"}
    else:
        fields = set(ACTIONS[str(item["loc"][-2])].model_fields) - {"kind"}
    return f"unknown field; {did_you_mean(str(item['loc'][-1]), fields)}"


def _read_when(when: Any) -> tuple[str, str | float | None]:
    if isinstance(when, str):
        trigger, value = when, None
    elif isinstance(when, dict) and len(when) == 1:
        trigger, value = next(iter(when.items()))
    else:
        raise ValueError("'when' must be one trigger, such as 'setup' or {heard: \"text\"}")
    if trigger not in TRIGGERS:
        raise ValueError(f"unknown trigger {trigger!r}; {did_you_mean(str(trigger), TRIGGERS)}")
    if trigger in PLAIN_TRIGGERS:
        if value is not None:
            raise ValueError(f"trigger {trigger!r} takes no value")
        return trigger, None
    if trigger in NUMERIC_TRIGGERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"trigger {trigger!r} needs a number, not {value!r}")
        return trigger, float(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"trigger {trigger!r} needs a text, not {value!r}")
    if trigger == "http" and value not in HTTP_METHODS:
        raise ValueError(f"unknown method {value!r}; {did_you_mean(value, HTTP_METHODS)}")
    return trigger, value


def _read_action(item: Any) -> Any:
    if isinstance(item, str):
        kind, fields = item, None
    elif isinstance(item, dict) and len(item) == 1:
        kind, fields = next(iter(item.items()))
    else:
        raise ValueError(f"an action must be a name or {{name: fields}}, not {item!r}")
    if kind not in ACTIONS:
        raise ValueError(f"unknown action {kind!r}; {did_you_mean(str(kind), ACTIONS)}")
    if fields is None:
        return {"kind": kind}
    if not isinstance(fields, dict):
        if kind not in SHORT_FORM:
            raise ValueError(f"action {kind!r} needs named fields, not {fields!r}")
        fields = {SHORT_FORM[kind]: fields}
    return {**fields, "kind": kind}
