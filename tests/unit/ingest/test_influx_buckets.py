from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.influx_buckets import answer_flux, bucket, id_of, organization


def test_ids_are_sixteen_digits_and_the_same_in_each_process() -> None:
    assert (len(id_of("telegraf")), id_of("telegraf") == id_of("other")) == (16, False)
    assert id_of("") == "e3b0c44298fc1c14"  # SHA-256
    assert organization("o")["id"] == id_of("o")
    assert bucket("b", "0f")["retentionRules"] == [{"type": "expire", "everySeconds": 0}]
    assert bucket("b", "0f", "abcd")["id"] == "abcd"


def test_the_list_of_buckets_is_annotated_csv() -> None:
    text = answer_flux("buckets()", ["a", 'b, "c"'], "0f").decode()
    lines = text.split("\r\n")
    assert lines[0] == "#datatype,string,long,string,string,string,string,long"
    assert lines[3] == ",result,table,name,id,organizationID,retentionPolicy,retentionPeriod"
    assert lines[4] == f",,0,a,{id_of('a')},0f,,0"
    assert lines[5].startswith(',,0,"b, ""c""",')
    assert answer_flux("buckets()", [], "0f") == b""
    assert answer_flux('import "influxdata/influxdb/schema" schema.tagKeys(bucket: "a")', ["a"], "0f") == b""


@pytest.mark.parametrize("query", ["", " \n", 'from(bucket: "a") |> range(start: -1h)', 'x = from (bucket:"a")'])
def test_a_query_that_reads_values_is_refused(query: str) -> None:
    with pytest.raises(Invalid):
        answer_flux(query, ["a"], "0f")
