"""Builds of the server that are broken on purpose, each breaking one promise, to see that the fault tests notice.

``builds.py`` says how each is broken, ``launch.py`` starts one (nothing in the product knows of it), ``python -m tests.mutants`` runs
the scenario that must fail against each, and prints caught/total.
"""
