"""The protocol of websites: JSON over a WebSocket, and REST beside it."""
