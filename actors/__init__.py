"""The actors that come with greenroom, by the name used in a config."""

ACTORS = [
    "microphone",
    "recording",
    "camera",
    "console",
    "echo",
    "vad",
    "live",
    "http",
    "device",
    "tools",
    "budget",
    "speaker",
    "wav_sink",
    "recorder",
    "metrics",
    "simulator",
]
