from __future__ import annotations

from dashboard.rfc6455.close_codes import CloseCode, may_be_received


def test_exactly_the_registered_and_the_private_codes_may_be_received() -> None:
    allowed = {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}
    assert {code for code in range(65_536) if may_be_received(code)} == allowed


def test_every_code_of_ours_may_stand_on_the_wire_but_the_two_that_never_do() -> None:
    never = {CloseCode.NO_STATUS, CloseCode.ABNORMAL}
    assert {code for code in CloseCode if not may_be_received(code)} == never
