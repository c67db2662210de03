"""Expressions in PromQL: parsing, and evaluation over columns of samples. No I/O, no loop, no clock.

``scan.py`` limits a text, and ``parse.py`` makes a tree of the text (``syntax.py``); ``plan.py`` says which samples the
tree needs; ``evaluate.py`` computes the tree's value over a grid of steps (``values.py``), with one file for each group
of functions.
"""
