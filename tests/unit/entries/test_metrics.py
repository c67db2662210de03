from __future__ import annotations

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.entries.documents import DocumentDeleted, DocumentWritten
from dashboard.entries.metrics import CHANGES, decode_change, encode_change
from dashboard.entries.samples import Samples, SeriesEnded, encode_samples
from tests.support.histories import DAMAGED, T0


@pytest.mark.parametrize(
    "change", [DocumentWritten("wall", b'{"a":1}', 5.0), DocumentDeleted("wall"), SeriesEnded(b"a\nb", (T0, T0))]
)
def test_a_change_is_read_as_it_was_written(change: DocumentWritten | DocumentDeleted | SeriesEnded) -> None:
    assert decode_change(encode_change(change)) == change


def test_samples_come_back_with_their_keys_and_declarations() -> None:
    change = decode_change(encode_samples(["a", "b"], [T0, T0 + 1], [1.0, 2.0], [(1, "%", 1.0)]))
    assert isinstance(change, Samples)
    assert change.keys.decode().split("\n") == ["a", "b"]
    assert len(change.declared) == 1


@pytest.mark.parametrize("payload", [*DAMAGED[:-1], b"\x91" * 5_000])
def test_foreign_and_damaged_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(Invalid, match="not an entry"):
        decode_change(payload)


def test_columns_that_do_not_fit_together_are_refused() -> None:
    good = decode_change(encode_samples(["a", "b"], T0, [1.0, 2.0]))
    assert isinstance(good, Samples)
    for field, value in (("keys", b"a"), ("values", b"\0" * 24), ("times", 2**63), ("declared", [(2, "%", None)])):
        with pytest.raises(Invalid):
            decode_change(encode_change(msgspec.structs.replace(good, **{field: value})))


def test_a_document_that_is_not_json_is_refused() -> None:
    with pytest.raises(Invalid, match="not JSON"):
        decode_change(encode_change(DocumentWritten("wall", b"{")))


def test_each_change_has_one_tag() -> None:
    assert {tag: msgspec.inspect.type_info(kind).tag for tag, kind in CHANGES.items()} == {tag: tag for tag in CHANGES}  # type: ignore[attr-defined]
