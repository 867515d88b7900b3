"""Actors beside the conversation: tools, budget, metrics, recorder."""
