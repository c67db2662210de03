"""A program that a test starts ends with the test."""

from __future__ import annotations

import signal

import pytest

from tests.support.program import program


def test_a_program_is_killed_when_the_block_fails_and_waited_for_when_it_does_not() -> None:
    with pytest.raises(ZeroDivisionError), program(["sleep", "600"]) as endless:
        _ = 1 / 0
    with program(["sleep", "0"]) as short:
        pass
    assert (endless.returncode, short.returncode) == (-signal.SIGKILL, 0)
