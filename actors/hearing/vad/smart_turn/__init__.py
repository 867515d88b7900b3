"""Smart Turn v3.2, which hears whether a sentence is complete; BSD-2-Clause, see LICENSE."""
