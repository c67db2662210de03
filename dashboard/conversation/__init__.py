"""Rooms, messages, typing, notifications, webhooks."""
