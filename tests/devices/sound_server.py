"""A sound server of the test's own: real PortAudio, real ALSA, no sound card.

A PulseAudio or a PipeWire in a private folder has one speaker, `vspk`, and one microphone, `vmic`,
into which a test can speak. Nothing of the user's own sound server is touched.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from actors.lib.audio.pcm import Samples, to_samples

PACKAGES = (
    "libportaudio2 pulseaudio pulseaudio-utils libasound2-plugins pipewire pipewire-pulse "
    "wireplumber dbus-daemon"
)
PROGRAMS = (
    *("pulseaudio", "pactl", "paplay", "parec"),
    *("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon"),
)
MONITOR_RATE_HZ = 24_000
GOODBYE_S = 20.0

ASOUNDRC = """
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.vspk { type pulse device vspk     hint { show on description "spk" } }
pcm.vmic { type pulse device vmic_src hint { show on description "mic" } }
"""
# Without norewinds=1 a null sink takes back what it was given, which counts as an underrun.
SPEAKER = "module-null-sink sink_name=vspk rate=48000 channels=1 norewinds=1"
MICROPHONE = (
    "module-null-sink sink_name=vmic rate=16000 channels=1 norewinds=1",
    "module-remap-source source_name=vmic_src master=vmic.monitor rate=16000 channels=1",
)


def missing_packages() -> str:
    """Say what the machine lacks for a sound server; empty when all is there."""
    tools = [tool for tool in PROGRAMS if not shutil.which(tool)]
    if not ctypes.util.find_library("portaudio"):
        tools.append("PortAudio")
    plugin = "alsa-lib/libasound_module_pcm_pulse.so"
    if not [*Path("/usr").glob(f"lib*/{plugin}"), *Path("/usr").glob(f"lib*/*/{plugin}")]:
        tools.append("the ALSA plugin for PulseAudio")
    return f"no {', '.join(tools)}: apt install {PACKAGES}" if tools else ""


class Profile(IntEnum):
    """Of a Bluetooth headset, by its samples a second."""

    MUSIC = 48_000
    WIDE_BAND = 16_000
    TELEPHONE = 8_000

    @property
    def channels(self) -> int:
        """Of its loudspeakers."""
        return 2 if self is Profile.MUSIC else 1


class SoundServer:
    """A running sound server; PulseAudio, unless it is the subclass."""

    kind = "PulseAudio"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.env = {
            "HOME": str(folder),
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
        }
        self.environment = {**os.environ, **self.env, "XDG_RUNTIME_DIR": str(folder)}
        (folder / ".asoundrc").write_text(ASOUNDRC)

    def start(self) -> None:
        """Start the daemon; it is ready when this returns."""
        modules = ["module-native-protocol-unix", SPEAKER, *MICROPHONE]
        self._run(
            *("pulseaudio", "-n", "--daemonize=yes", "--exit-idle-time=-1", "--disable-shm=yes"),
            *("--realtime=no", "--high-priority=no"),
            *(part for module in modules for part in ("-L", module)),
        )

    def stop(self) -> None:
        """End the daemon."""
        daemon = psutil.Process(int((self._folder / "pulse" / "pid").read_text()))
        daemon.terminate()
        daemon.wait(GOODBYE_S)

    def say(self, recording: Path, microphone: str = "vmic") -> None:
        """Speak into the microphone; returns when all is said."""
        self._run("paplay", f"--device={microphone}", str(recording))

    @contextmanager
    def saying(self, recording: Path) -> Iterator[None]:
        """Begin to speak into the microphone; whatever is left unsaid is given up."""
        voice = subprocess.Popen(
            ["paplay", "--device=vmic", str(recording)],
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        try:
            yield
        finally:
            voice.terminate()
            voice.wait(GOODBYE_S)

    def control(self, *arguments: str) -> None:
        """Run `pactl`."""
        self._run("pactl", *arguments)

    def let_the_microphone_hear_the_speaker(self, delay_ms: int) -> None:
        """Make an acoustic echo, as loud as what is played."""
        self.control(
            *("load-module", "module-loopback", "source=vspk.monitor", "sink=vmic"),
            *(f"latency_msec={delay_ms}", "source_dont_move=1", "sink_dont_move=1"),
        )

    def unplug_all(self) -> None:
        """Take away the microphone and the speaker."""
        self.control("unload-module", "module-remap-source")
        self.control("unload-module", "module-null-sink")

    def plug_in_all(self, *, microphone_channels: int = 1) -> None:
        """Give them back."""
        channels = f"channels={microphone_channels}"
        for module in (SPEAKER, *(each.replace("channels=1", channels) for each in MICROPHONE)):
            self.control("load-module", *module.split())

    def plug_in_headset(self) -> None:
        """Plug in a second speaker, and take it by default, as a desktop does."""
        self.control("load-module", *SPEAKER.replace("vspk", "headset").split())
        self.control("set-default-sink", "headset")

    def plug_in_microphone(self, name: str) -> None:
        """Plug in a second microphone, and take it by default, as a desktop does."""
        for module in MICROPHONE:
            self.control("load-module", *module.replace("vmic", name).split())
        self.control("set-default-source", f"{name}_src")

    def take_by_default(self, speaker: str, microphone: str) -> None:
        """Choose the system's default devices, as a person does in the settings."""
        self.control("set-default-sink", speaker)
        self.control("set-default-source", microphone)

    def plug_in_bluetooth(self, profile: Profile) -> None:
        """Let a headset into range; for music it has no microphone."""
        form = f"rate={profile.value} norewinds=1"
        modules = [f"module-null-sink sink_name=bt {form} channels={profile.channels}"]
        if profile is not Profile.MUSIC:
            modules += [
                f"module-null-sink sink_name=bt_voice {form} channels=1",
                f"module-remap-source source_name=bt_mic master=bt_voice.monitor "
                f"rate={profile.value} channels=1",
            ]
        for module in modules:
            self.control("load-module", *module.split())

    def unplug_bluetooth(self) -> None:
        """Let it go out of range; the first part of a change of profiles, too."""
        self.unplug("bt_mic", "bt_voice", "bt")

    def unplug(self, *names: str) -> None:
        """Take away what has these names."""
        theirs = {f"{kind}_name={name}" for kind in ("sink", "source") for name in names}
        loaded = self._run("pactl", "list", "short", "modules").splitlines()
        for line in reversed([each.split() for each in loaded]):
            if theirs.intersection(line):
                self.control("unload-module", line[0])

    @contextmanager
    def listening(self, speaker: str = "vspk") -> Iterator[Path]:
        """Write what a speaker plays, at `MONITOR_RATE_HZ`, to the file that this gives."""
        path = self._folder / f"{speaker}.pcm"
        with path.open("wb") as file:
            ear = subprocess.Popen(
                [
                    *(
                        "parec",
                        "-d",
                        f"{speaker}.monitor",
                        "--format=s16le",
                        "--channels=1",
                        "--raw",
                    ),
                    *(f"--rate={MONITOR_RATE_HZ}", "--latency-msec=20"),
                ],
                stdout=file,
                env=self.environment,
            )
        try:
            yield path
        finally:
            ear.terminate()
            ear.wait(GOODBYE_S)

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout


class PipeWire(SoundServer):
    """A running PipeWire with WirePlumber, spoken to as PulseAudio."""

    kind = "PipeWire"
    PROGRAMS = (
        # WirePlumber decides about nothing where there is no session bus.
        ("dbus-daemon --session --nofork --nopidfile --address=unix:path={folder}/bus", "bus"),
        # Those that find no PipeWire end.
        ("pipewire", "pipewire-0"),
        ("pipewire-pulse", "pulse/native"),
        ("wireplumber", ""),
    )
    """Each with the socket that the next ones need."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/bus"
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start its programs; it is ready when this returns."""
        for program, socket in self.PROGRAMS:
            command = program.format(folder=self._folder).split()
            with (self._folder / f"{command[0]}.log").open("ab") as log:
                self._programs.append(
                    subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
                )
            self._once(partial(self._is_there, socket))
        self._once(lambda: self.control("info"))
        for module in (SPEAKER, *MICROPHONE):
            self.control("load-module", *module.split())
        # Which devices are taken by default is WirePlumber's to say, which is there last.
        self._once(lambda: self.take_by_default("vspk", "vmic_src"))

    def _is_there(self, name: str) -> None:
        assert (self._folder / name).exists(), f"there is no {name}"

    def _once(self, done: Callable[[], None]) -> None:
        """Do something as soon as it can be done."""
        deadline_s = time.monotonic() + GOODBYE_S
        while True:
            try:
                return done()
            except AssertionError:
                if time.monotonic() > deadline_s:
                    raise

    def stop(self) -> None:
        """End its programs."""
        for program in reversed(self._programs):
            program.terminate()
        for program in self._programs:
            program.wait(GOODBYE_S)
        self._programs.clear()


@contextmanager
def sound_server(kind: type[SoundServer] = SoundServer) -> Iterator[SoundServer]:
    """Run a sound server."""
    # Not pytest's folder: the path of a socket has 108 characters at most.
    with tempfile.TemporaryDirectory(prefix="pa-") as folder:
        server = kind(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def heard(path: Path) -> Samples:
    """What a file of `listening` holds so far."""
    pcm = path.read_bytes()
    return to_samples(pcm[: len(pcm) // 2 * 2])


def find(said: Samples, in_what: Samples) -> tuple[int, float]:
    """Return where `said` is in a recording, and how alike they are there (1 is the same)."""
    size = 1 << (len(said) + len(in_what)).bit_length()
    spectrum = np.fft.rfft(in_what.astype(float), size)
    spectrum *= np.conj(np.fft.rfft(said.astype(float), size))
    products = np.fft.irfft(spectrum, size)[: max(1, len(in_what) - len(said) + 1)]
    at = int(np.argmax(products))
    there = in_what[at : at + len(said)].astype(float)
    norm = float(np.linalg.norm(there) * np.linalg.norm(said.astype(float)))
    return at, float(products[at]) / norm if norm else 0.0
