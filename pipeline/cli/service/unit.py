"""The text of a systemd unit that runs a pipeline. Pure.

Sections of systemd.exec(5) that look right and are not here, as they break sound, the camera or the
models: MemoryDenyWriteExecute (PortAudio calls back through libffi), PrivateDevices,
RestrictRealtime, PrivateUsers (the groups audio and video would be lost), ProcSubset=pid
(/proc/asound).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipeline.priority import MOST_REALTIME, NICENESS, Priority

MARK = "# Written by `greenroom service install`"
"""First words of a unit of ours; another one is left alone."""
WATCHDOG_S = 10
"""Twenty times what passes between two signs of life of the supervisor."""
LOADING_S = 600
"""For what comes before the supervisor can ask for more time itself. It takes 0.5 s of processor
time and 60 MB from the disk; beside 30 other programs the usual 90 s were too little."""
DEVICES = (
    *("char-alsa rw", "char-video4linux rw", "char-media rw", "char-dma_heap rw"),
    *("char-gpiochip rw", "char-input r", "char-rtc r"),
)
"""Sound, cameras (libcamera needs media and dma_heap), a pin or a key to talk; rtc as systemd adds
it by itself with ProtectClock."""
GROUPS = ("audio", "video", "render", "gpio", "input")
"""Groups that Debian and Raspberry Pi OS give these devices to."""


class Manager(StrEnum):
    """Whose services it is among."""

    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True)
class ServiceUnit:
    """What a unit is written for.

    Attributes:
        name: Of the unit, without `.service`.
        description: In words.
        manager: Whose services it is among.
        program: The `greenroom` command, absolute.
        arguments: Of it.
        environment_file: Holds the API key; absolute.
        user: Who runs it; empty: a user that is there only while it runs. For `SYSTEM`.
        groups: That it also gets, of those that there are. For `SYSTEM`.
        reads_home: Its program or config is below /home or /root. For `SYSTEM`.
    """

    name: str
    description: str
    manager: Manager
    program: Path
    arguments: Sequence[str]
    environment_file: Path
    user: str = ""
    groups: Sequence[str] = ()
    reads_home: bool = False


def unit_text(service: ServiceUnit) -> str:
    """Return the unit.

    Raises:
        ValueError: a path or an argument that no unit can hold.
    """
    system = service.manager is Manager.SYSTEM
    lines = [
        f"{MARK}, which writes it anew: put changes into",
        f"# `systemctl {'' if system else '--user '}edit {service.name}`.",
        "[Unit]",
        f"Description={_value(service.description)}",
        *(_AFTER_SYSTEM if system else _AFTER_USER),
        # A robot is not given up; what it waits for may come an hour later.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={_program(service.program)} {' '.join(map(_argument, service.arguments))}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        # Read by systemd itself, before it becomes the user.
        f"EnvironmentFile=-{_value(str(service.environment_file))}",
        f"TimeoutStartSec={LOADING_S}",
        f"WatchdogSec={WATCHDOG_S}",
        "Restart=always",
        "RestartSec=5",
        # The supervisor stops the actors in their order, and starts one again that was too big.
        "KillMode=mixed",
        "OOMPolicy=continue",
        *(_system(service) if system else ()),
        # For the actors of the sound.
        f"LimitNICE={NICENESS[Priority.HIGH]}",
        f"LimitRTPRIO={MOST_REALTIME}",
        *_HARDENING,
        *(_SYSTEM_HARDENING if system else ()),
        "",
        "[Install]",
        f"WantedBy={'multi-user' if system else 'default'}.target",
    ]
    return "\n".join(lines) + "\n"


_AFTER_SYSTEM = ("Wants=network-online.target", "After=network-online.target sound.target")
_AFTER_USER = ("After=pipewire.service pipewire-pulse.service wireplumber.service",)
_HARDENING = (
    "UMask=0077",
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictSUIDSGID=yes",
    "RestrictNamespaces=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
)
_SYSTEM_HARDENING = (
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "PrivateTmp=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectProc=invisible",
    "RemoveIPC=yes",
    "DevicePolicy=closed",
    *(f"DeviceAllow={each}" for each in DEVICES),
)


def _system(service: ServiceUnit) -> list[str]:
    return [
        f"User={service.user}" if service.user else "DynamicUser=yes",
        *([f"SupplementaryGroups={' '.join(service.groups)}"] if service.groups else []),
        f"RuntimeDirectory={service.name}",
        "RuntimeDirectoryMode=0700",
        f"Environment=XDG_RUNTIME_DIR=%t/{service.name}",
        f"StateDirectory={service.name}",
        "StateDirectoryMode=0700",
        f"Environment=XDG_STATE_HOME=%S/{service.name}",
        f"WorkingDirectory=%S/{service.name}",
        f"ProtectHome={'read-only' if service.reads_home else 'yes'}",
    ]


def _value(text: str) -> str:
    """Return what takes the rest of a line; `%` begins what systemd fills in."""
    if unfit := re.search(r"[\0-\x1f\x7f]|\\$|^\s|\s$", text):
        raise ValueError(f"{text!r} holds {unfit[0]!r}, which a unit cannot")
    return text.replace("%", "%%")


def _program(path: Path) -> str:
    # The first word is a path as it stands: variables are not filled in, and quotes are refused.
    if re.search(r"[\"'\\]", str(path)):
        return f"/usr/bin/env {_argument(str(path))}"
    return _quoted(_value(str(path)))


def _argument(text: str) -> str:
    return _quoted(_value(text).replace("$", "$$"))


def _quoted(text: str) -> str:
    """Return one word of a command line, in quotes if it would be several."""
    if re.fullmatch(r"[\w./@:%=+,$~-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
