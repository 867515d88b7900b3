"""What Ray Serve is told about the rooms of a config: all of it follows from the config. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from actors.gateway import Gateway
from actors.gateway.options import GatewayOptions
from actors.gateway.rooms.admission import PLACES_PER_CORE
from actors.scale.identity import AUTH_MODE
from actors.scale.room_count import places_to_keep
from pipeline.config.graph import Graph
from pipeline.config.scale import Ingress, ScaleConfig
from pipeline.errors import ConfigError

DEPLOYMENT = "Room"
"""Name of the rooms within an application of Serve."""
IMPORT_PATH = "actors.scale.room:application"
COUNT_PATH = "actors.scale.room_count:RoomCount"
REACHABLE_S = 5.0
"""How long a room that is to go is still connected to: every HAProxy has been told of it by then.
Ray counts one second for all of them (`RAY_SERVE_HAPROXY_BROADCAST_COALESCE_S` and a reload)."""
MARGIN_S = 60
"""Beyond the longest conversation, for its last answer and for clocks."""
CLIENT_S = 3600
"""HAProxy lets go of a connection over which nothing comes for so long: its default with Ray."""
CONNECTIONS = 4096
"""Of a HAProxy, if the rooms do not ask for more: its default with Ray."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class ScalePlan:
    """What is to be deployed.

    Attributes:
        name: Of the application: that of the pipeline.
        gateway: Name of the actor that serves callers.
        host, port: Where callers connect, on each node that has an ingress.
        longest_s: The longest conversation.
        places: Conversations in a room.
        has_database: All rooms share one.
        scale: As the config says it.
    """

    name: str
    gateway: str
    host: str
    port: int
    longest_s: float
    places: int
    has_database: bool
    scale: ScaleConfig

    @property
    def spare(self) -> int:
        """Places that are kept free."""
        return places_to_keep(self.scale.calls_per_s)

    @property
    def patience_s(self) -> int:
        """After so long a room that is to go is ended, whoever still talks in it."""
        return math.ceil(REACHABLE_S + self.longest_s) + MARGIN_S

    def environment(self) -> dict[str, str]:
        """Return what each node has in its environment when `ray start` is called there."""
        connections = 2 * self.places * self.scale.rooms.most
        return {
            AUTH_MODE: "token",
            "RAY_USAGE_STATS_ENABLED": "0",
            # Ray's workers, with the rooms and HAProxy below them, wait for all else otherwise
            # (nice 15): on a busy machine callers hear nothing for 3 s, and go elsewhere.
            "RAY_worker_niceness": "0",
            # Given up after 3 to 6 s of silence, not after 62.
            "RAY_health_check_initial_delay_ms": "1000",
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_timeout_ms": "1000",
            "RAY_health_check_failure_threshold": "3",
            # Serve's own proxy takes 27 times the processor time a message.
            "RAY_SERVE_ENABLE_HA_PROXY": "1",
            # The room is a child of the thread that starts it, and that is to live.
            "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
            "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": f"{REACHABLE_S:g}",
            # HAProxy is begun anew with each room more or less; the old one keeps its calls.
            "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": str(math.ceil(self.longest_s) + MARGIN_S),
            "RAY_SERVE_HAPROXY_TIMEOUT_CLIENT_S": str(max(CLIENT_S, self.patience_s)),
            "RAY_SERVE_HAPROXY_MAXCONN": str(max(CONNECTIONS, connections)),
            # A room that stands still is out before its callers come again, after 3 s of silence.
            "RAY_SERVE_HAPROXY_HEALTH_CHECK_INTER": "500ms",
            "RAY_SERVE_HAPROXY_HEALTH_CHECK_FALL": "3",
            # A room that refuses, or is gone: the next one, at once. One that takes no connection
            # is out with the first, or it would be asked again a second later: it has the fewest.
            "RAY_SERVE_HAPROXY_RETRY_ON": "conn-failure empty-response 503",
            "RAY_SERVE_HAPROXY_OBSERVE_ERROR_LIMIT": "1",
        }

    def schema(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what is deployed, as Ray's `ServeDeploySchema` takes it.

        Args:
            arguments: Of the rooms.
        """
        every = self.scale.ingress is Ingress.EVERY_NODE
        return {
            "proxy_location": "EveryNode" if every else "HeadOnly",
            "http_options": {"host": self.host, "port": self.port},
            "applications": [
                {
                    "name": self.name,
                    "route_prefix": "/",
                    "import_path": IMPORT_PATH,
                    "args": arguments,
                    "deployments": [self._deployment()],
                }
            ],
        }

    def _deployment(self) -> dict[str, Any]:
        rooms = self.scale.rooms
        return {
            "name": DEPLOYMENT,
            # The room refuses, and says why; at this limit a handshake would hang.
            "max_ongoing_requests": 2 * self.places,
            "graceful_shutdown_timeout_s": float(self.patience_s),
            "health_check_period_s": 1.0,
            "health_check_timeout_s": 3.0,
            # The new ones are there before the old ones go.
            "max_surge_percent": 100,
            "rolling_update_percentage": 1.0,
            "ray_actor_options": {"num_cpus": rooms.cpus},
            "autoscaling_config": {
                "min_replicas": rooms.least,
                "max_replicas": rooms.most,
                "metrics_interval_s": 1.0,
                "look_back_period_s": 2.0,
                "upscale_delay_s": 0.0,
                "downscale_delay_s": self.scale.shrink_after_s,
                "policy": {
                    "policy_function": COUNT_PATH,
                    "policy_kwargs": {"places": self.places, "spare": self.spare},
                },
            },
        }


def plan_of(graph: Graph) -> ScalePlan:
    """Return what is to be deployed of a config.

    Raises:
        ConfigError: it has no gateway, or none that rooms on many machines can have.
    """
    scale = graph.config.scale
    found = [node for node in graph.nodes.values() if issubclass(node.actor_class, Gateway)]
    if len(found) != 1:
        raise ConfigError(f"{graph.path}: rooms take one gateway, and here are {len(found)}")
    gateway = found[0]
    options: Any = gateway.actor_class.options_type.model_validate(gateway.config.options)
    assert isinstance(options, GatewayOptions)
    where = f"{graph.path}: actors.{gateway.name}.options"
    if options.certificate is not None:
        raise ConfigError(
            f"{where}.certificate: the ingress of Ray has no TLS: put a balancer with the "
            "certificate in front, and leave it out here"
        )
    if options.port == 0:
        raise ConfigError(f"{where}.port: callers have to know it: name one, such as 3000")
    if options.phone.audiosocket_port is not None:
        raise ConfigError(
            f"{where}.phone.audiosocket_port: AudioSocket does not pass the ingress, which is "
            "HTTP: run a room of its own beside Asterisk with greenroom run"
        )
    if options.host in LOOPBACK:
        raise ConfigError(
            f"{where}.host: {options.host} is reached from this machine only, and the ingress and "
            "the rooms are on several: write 0.0.0.0"
        )
    if not (options.anybody or options.database):
        raise ConfigError(
            f"{where}.database: each room would have a file of its own, without the keys of the "
            "others: name one database for all, such as $DATABASE_URL, or set anybody: true where "
            "a proxy in front asks for keys"
        )
    return ScalePlan(
        graph.config.name,
        gateway.name,
        options.host,
        options.port,
        options.session_s,
        options.places or places_of(scale, graph.config.sessions.most),
        bool(options.database),
        scale,
    )


def places_of(scale: ScaleConfig, most_sessions: int) -> int:
    """Return how many conversations a room holds.

    Args:
        scale: As the config says it.
        most_sessions: `sessions.most` of the config.
    """
    if scale.rooms.sessions is not None:
        return scale.rooms.sessions
    return max(1, min(most_sessions, math.floor(PLACES_PER_CORE * scale.rooms.cpus)))
