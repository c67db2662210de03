"""SQL store (SQLite or PostgreSQL) of data that must outlive the journal: users, tokens, rooms, messages, the audit log."""
