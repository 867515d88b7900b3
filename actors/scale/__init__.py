"""More than one machine: what of the engine Ray the rest needs. Nothing else imports Ray."""
