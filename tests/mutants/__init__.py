"""Builds of the server that are broken on purpose, each in one promise, to see that the fault tests notice.

``builds.py`` says how each is broken, ``launch.py`` starts one (the product does not know of it), ``python -m
tests.mutants`` runs against each the scenario that must fail, and prints caught/total.
"""
