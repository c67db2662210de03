"""Evaluation of expressions over this process' replicas: reading on the loop, computing in threads, limits by caller."""
