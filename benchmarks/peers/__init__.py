"""Greenroom beside Pipecat, LiveKit Agents and google-genai alone, in one run."""
