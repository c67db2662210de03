"""Pushes of groups of labels."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Refusal
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.web.feed.pushgateway import Pushgateway, group_in
from tests.unit.web.feed.asked import asked, outcome

GROUP = "/metrics/job/backup/path@base64/L3Zhcg=="


def test_a_group_is_read_from_the_path_as_it_was_sent() -> None:
    assert group_in(GROUP) == {"job": "backup", "path": "/var"}
    assert group_in("/metrics/job/a%2Fb/instance/x") == {"job": "a/b", "instance": "x"}


def test_the_labels_of_the_group_are_on_every_series() -> None:
    parsed = Pushgateway().parse(asked(b"done 1\n", address=GROUP))
    assert parsed.batch.keys == ['done{job="backup",path="/var"}']


def test_a_push_is_answered_without_a_body_unless_something_is_wrong() -> None:
    push = Pushgateway()
    assert push.answer(asked(), Parsed(), outcome(Refusal(0, "value", "NaN", code=NOT_FINITE))).status == 200
    with pytest.raises(Invalid, match="2 samples refused; sample 3: value: is no number"):
        push.answer(asked(), Parsed(), outcome(Refusal(3, "value", "is no number"), unlisted=1))


def test_protobuf_is_shown_in_words() -> None:
    protobuf = {"Content-Type": "application/vnd.google.protobuf; encoding=delimited"}
    assert Pushgateway().shown(asked(b"abc", headers=protobuf)) == "metrics in protobuf, 3 bytes"
    assert Pushgateway().shown(asked(b"done 1")) == ""
