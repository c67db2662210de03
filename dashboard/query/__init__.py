"""Queries over replicas: series that selectors match, and their samples in windows. No I/O."""
