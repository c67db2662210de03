"""The state that the journal's entries build. Pure and synchronous: same entries, same state, on every process."""
