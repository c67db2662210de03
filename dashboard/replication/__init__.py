"""Replication: keeps replicas of the journal's partitions up to date."""
