"""What is deployed on a cluster: applications of rooms, and how many there are of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from actors.scale.room_seen import RoomSeen, rooms_in
from pipeline.errors import GreenroomError

if TYPE_CHECKING:
    from types import ModuleType

LOOK_S = 0.25
"""Between two looks at an application that starts."""


@contextmanager
def serving() -> Iterator[Serving]:
    """Yield what is deployed on the cluster that this process is connected to."""
    from ray import serve

    yield Serving(serve)


class Serving:
    """The applications on a cluster.

    Args:
        serve: The module `ray.serve`.
    """

    def __init__(self, serve: ModuleType) -> None:
        self._serve = serve

    def deploy(self, schema: dict[str, Any]) -> None:
        """Deploy an application, or make what is deployed like it.

        Args:
            schema: As `ScalePlan.schema` has it.
        """
        from ray.serve.context import _get_global_client
        from ray.serve.schema import ServeDeploySchema

        checked = ServeDeploySchema.model_validate(schema)
        self._serve.start(
            proxy_location=schema["proxy_location"], http_options=schema["http_options"]
        )
        # What `serve deploy` does behind the dashboard, which need not run.
        _get_global_client().deploy_apps(checked)

    def wait(self, name: str, patience_s: float, tell: Callable[[str], None]) -> None:
        """Wait until an application serves callers.

        Args:
            name: Of the application.
            patience_s: For so long.
            tell: Told what it waits for, when that changes.

        Raises:
            GreenroomError: it cannot be deployed, or not in time.
        """
        until_s, told = time.monotonic() + patience_s, ""
        while True:
            found = self._serve.status().applications.get(name)
            state = found.status.value if found is not None else "NOT_STARTED"
            if state == "RUNNING":
                return
            message = _message(found)
            if state == "DEPLOY_FAILED":
                raise GreenroomError(f"{name} cannot be deployed: {message}")
            if (said := f"{state.lower()}: {message}".removesuffix(": ")) != told:
                told = said
                tell(said)
            if time.monotonic() > until_s:
                raise GreenroomError(f"{name} does not serve after {patience_s:g} s ({told})")
            time.sleep(LOOK_S)

    def rooms(self, name: str) -> list[RoomSeen]:
        """Return the rooms of an application, those that are to go too.

        Raises:
            GreenroomError: it is not deployed.
        """
        import ray
        from ray.serve.context import _get_global_client

        if name not in self._serve.status().applications:
            raise GreenroomError(f"no rooms of {name!r} are deployed: greenroom scale CONFIG")
        client = _get_global_client()
        # As its HAProxies are told: whoever asks for all that is served is told of HAProxy alone.
        groups = ray.get(client._controller.get_target_groups.remote(name, True))
        ports = {each.name: each.port for group in groups for each in group.targets}
        return rooms_in(client.get_serve_details(), ports, name)

    def delete(self, name: str, patience_s: float) -> bool:
        """Remove an application once nobody talks in it any more; return whether it was there.

        Raises:
            GreenroomError: it is still there after `patience_s`.
        """
        if name not in self._serve.status().applications:
            return False
        self._serve.delete(name, _blocking=False)
        until_s = time.monotonic() + patience_s
        while name in (there := self._serve.status().applications):
            if time.monotonic() > until_s:
                raise GreenroomError(f"{name} is still there after {patience_s:g} s")
            time.sleep(LOOK_S)
        if not there:
            # The ingress goes too: there is nothing that it could lead to.
            self._serve.shutdown()
        return True


def _message(application: Any) -> str:
    """Return what Serve says of an application, or of what it consists of."""
    if application is None:
        return ""
    said = [application.message, *(each.message for each in application.deployments.values())]
    return " ".join(next((each for each in said if each), "").split())
