"""Messages of ``/ws``: requests and replies by subject, and the session of one client. No I/O."""
