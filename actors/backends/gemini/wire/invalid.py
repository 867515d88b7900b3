"""Why a message is refused, in Google's words."""

from collections.abc import Iterable
from dataclasses import dataclass

INVALID_ARGUMENT = "Request contains an invalid argument."
"""What the service says where it says no more."""


@dataclass(frozen=True)
class Violation:
    """One complaint; `field` is the path in snake_case, empty at the root."""

    field: str
    description: str


class Invalid(ValueError):  # noqa: N818 - a refusal is a normal outcome, not a fault
    """A message that the service does not take: 400 over HTTP, 1007 on a Live session."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """All complaints, a line each, as `error.message` and close reasons have them."""
        return "\n".join(violation.description for violation in self.violations)

    def details(self) -> list[dict[str, object]]:
        """`error.details` of an HTTP response."""
        entries = [
            {"field": each.field, "description": each.description}
            if each.field
            else {"description": each.description}
            for each in self.violations
        ]
        return [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": entries}]


def unknown_name(name: str, path: str, why: str = "Cannot find field.") -> Violation:
    """A field that the message does not have, or that cannot hold such a value."""
    where = f" at '{path}'" if path else ""
    return Violation(path, f'Invalid JSON payload received. Unknown name "{name}"{where}: {why}')


def invalid_value(path: str, type_name: str, shown: str) -> Violation:
    """A value of the wrong type or out of range; `shown` is the value as JSON, or a reason."""
    return Violation(path, f"Invalid value at '{path}' ({type_name}), {shown}")


def invalid(message: str) -> Invalid:
    """A refusal in these words."""
    return Invalid([Violation("", message)])


def violation(path: str, what: str, request: str = "GenerateContentRequest") -> Invalid:
    """A field of the request that is well-formed and not allowed."""
    return invalid(f"* {request}.{path}: {what}\n")
