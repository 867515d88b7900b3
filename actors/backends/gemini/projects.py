"""Several projects of Google, each with keys and quotas of its own."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from pipeline.paths import PathOrName


class ProjectOptions(BaseModel):
    """One project; what it does not name is as in the actor's own options."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        min_length=1,
        max_length=64,
        description="What it is called in logs and in the database; the same in every pipeline "
        "that shares it.",
    )
    api_key_env: list[str] = Field(
        min_length=1,
        description="Variables that may hold its keys, as of the actor. All keys of a project "
        "share its quotas.",
    )
    base_url: str | None = Field(None, description="https address of its server: of a region.")
    ca_file: PathOrName | None = Field(
        None, description="Certificate authority of that server, PEM."
    )
    live_sessions: int | None = Field(
        None,
        ge=1,
        description="Live sessions that the project may have open at once, of all pipelines; "
        "null: not known, as many as the service takes.",
    )


def check_projects(projects: Sequence[ProjectOptions]) -> None:
    """Look whether they can be told apart.

    Raises:
        ValueError: two have the same name or the same variables.
    """
    names = [each.name for each in projects]
    if len(set(names)) < len(names):
        raise ValueError("two projects have the same name")
    variables = [name for each in projects for name in each.api_key_env]
    if len(set(variables)) < len(variables):
        raise ValueError("two projects take their keys from the same variable")
