"""Composition root: builds, starts and stops all parts of a process."""
