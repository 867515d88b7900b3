"""Speech on the device: recognition, synthesis, and commands in the words between them."""
