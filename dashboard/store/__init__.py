"""What must outlive the journal, in SQL (SQLite or PostgreSQL): users, tokens, rooms, messages, the audit log."""
