"""Property tests of the unit suite are the same on every run: no database, no random seed, no deadline for a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", derandomize=True, database=None, deadline=None)
settings.load_profile("unit")
