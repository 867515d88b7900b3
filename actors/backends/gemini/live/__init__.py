"""The Gemini Live API: setup, connection, events, limits."""
