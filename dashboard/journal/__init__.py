"""Journal: it gives every accepted entry its place in one order and keeps it for a window.

``port.py`` is the contract; ``memory.py``, ``sqlite.py`` and ``redis.py`` are its engines; ``tail.py`` is shared by them.
"""
