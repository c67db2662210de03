"""Socket.IO over HTTP: WebSocket, long polling, the upgrade between them, and the sessions of this process."""
