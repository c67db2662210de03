"""Users, tokens, sessions, and the policies that say who may do what."""
