"""Everything that knows Google: client, models, faults, Live and HTTP."""
