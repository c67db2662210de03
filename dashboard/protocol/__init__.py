"""The WebSocket language, without I/O: frames (RFC 6455), deflate (RFC 7692), messages, codes, one client's session."""
