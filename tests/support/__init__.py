"""Helpers of the tests: a real server process, a raw WebSocket client, a clock that the test moves."""
