"""The Silero voice detector; its model is from the silero-vad 6.2.3 wheel (MIT, see LICENSE)."""
