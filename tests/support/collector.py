"""Pytest plugin that keeps Python's garbage collector away from what the collection of the tests has made.

Pytest holds half a million objects for 6,000 tests: modules, functions, marks. While they are made, nothing is garbage, yet the collector
walks them again and again, which was half of the time. Later each full collection would walk them once more, and a test that
asks for one, or for all objects, would pay for it. So the collector rests meanwhile, and then leaves them aside for good.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage until all tests are known, then freeze what is there."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
