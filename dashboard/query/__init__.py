"""Matching of selectors against series, and reading of windows. No I/O."""
