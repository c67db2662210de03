"""Cluster of processes: membership, the signal bus, shared rate limits, ownership, readiness and vital numbers."""
