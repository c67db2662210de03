"""Processes of one installation: membership, the signal bus, shared limits, vitals."""
