"""Expressions in PromQL: parsing, and evaluation over columns of samples. No I/O, no loop, no clock.

``parse.py`` makes a tree (``syntax.py``) of a text that ``scan.py`` has bounded; ``plan.py`` says which samples the tree needs;
``evaluate.py`` computes it over a grid of steps (``values.py``), with one file for each group of functions.
"""
