"""Boards: files, the views that they ask for, orders to their screens."""
