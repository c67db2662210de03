"""What tests share: a real server process, a raw WebSocket client, a hand-moved clock."""
