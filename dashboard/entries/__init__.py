"""Vocabulary of the journal: every payload, its tag and its bytes. No I/O."""
