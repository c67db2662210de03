"""Journal: puts every accepted entry into one order and keeps it for a limited time.

``port.py`` is the contract; ``memory.py``, ``sqlite.py`` and ``redis.py`` are its engines; ``tail.py`` is shared by them.
"""
