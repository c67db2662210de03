"""Replica: the state built by the journal's entries. Pure and synchronous: the same entries give the same state everywhere."""
