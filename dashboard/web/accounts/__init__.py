"""Routes for logins, users, tokens, links."""
