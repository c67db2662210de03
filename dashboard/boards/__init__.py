"""Boards: their files, the views of their widgets, and orders to their screens."""
