"""The journal gives everything that was accepted one order and keeps it for a window.

``port.py`` is the contract, ``memory.py`` and ``sqlite.py`` are engines, ``tail.py`` is what engines share.
"""
