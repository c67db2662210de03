"""Conversation: rooms, messages, typing notices, notifications and webhooks."""
