"""The language of ``/ws``: requests and replies by subject, and one client's session. No I/O."""
