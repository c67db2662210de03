"""Base of all HTTP routes: errors, the request guard, identity, the table of routes, and the WebSocket."""
