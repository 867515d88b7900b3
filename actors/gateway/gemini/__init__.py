"""The protocol of the Gemini Live API: official SDKs connect to the gateway by base URL alone."""
