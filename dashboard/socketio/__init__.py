"""Socket.IO: packets, and the translation between its events and the messages of ``/ws``. No I/O."""
