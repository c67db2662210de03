"""Routes for rooms, messages, notifications, presence."""
