"""Browser connections of this process, the views that they watch, and the frames that the server sends to them."""
