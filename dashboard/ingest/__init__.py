"""Bytes that feeders send -> samples and documents. Pure: no I/O, no clock. One file for each format."""
