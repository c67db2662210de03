"""Checks of the source that need no running product: figures with ceilings, docstrings, names in documents, commits.

One module a concept. ``report.py`` collects the figures, ``ceilings.toml`` holds what they may be,
``__main__.py`` is the command.
"""
