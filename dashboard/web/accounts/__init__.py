"""HTTP routes for logins, users, tokens, share links and the audit log."""
