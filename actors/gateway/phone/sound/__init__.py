"""Sound of telephone lines: codes of their samples, rates, order, key tones, noise."""
