"""Keeping replicas of the journal's partitions."""
