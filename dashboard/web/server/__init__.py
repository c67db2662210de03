"""What every route has: errors, the guard, identity, the table of routes, the WebSocket."""
