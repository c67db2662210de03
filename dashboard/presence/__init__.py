"""Presence of users: tracking over all processes, and notices of changes."""
