"""The journal's vocabulary: every payload, its tag and its bytes. No I/O."""
