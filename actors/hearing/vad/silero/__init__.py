"""The Silero voice detector; its weights are from the silero-vad 6.2.3 wheel (MIT, see LICENSE)."""
