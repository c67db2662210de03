"""HTTP routes for rooms, messages, notifications and presence."""
