"""Pages for browsers, and the HTTP routes that they read."""
