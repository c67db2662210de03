"""Who is connected, and telling it."""
