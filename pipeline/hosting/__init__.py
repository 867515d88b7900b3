"""The process of an actor: its sockets, its life, its heartbeats."""
