"""Accepting what feeders send: limits, time stamps, statistics."""
