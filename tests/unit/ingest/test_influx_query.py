from __future__ import annotations

from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.influx_query import Databases


def result(query: str, database: str = "") -> Any:
    (found,) = Databases().answer(query, database)["results"]
    return found


def test_a_query_of_many_statements_is_refused() -> None:
    assert len(Databases().answer("show databases;" * 20, "")["results"]) == 20  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="has 21 statements; at most 20"):
        Databases().answer("show databases;" * 21, "")


def test_every_database_that_somebody_named_is_there() -> None:
    databases = Databases()
    databases.name("telegraf")
    databases.answer('CREATE DATABASE "my db" WITH DURATION 1d; create database x', "")
    (found,) = databases.answer("show databases", "glances")["results"]
    assert found["series"][0]["values"] == [["telegraf"], ["my db"], ["x"], ["glances"]]
    assert found["series"][0]["columns"] == ["name"]


@pytest.mark.parametrize(
    "query",
    ["CREATE DATABASE x", "DROP DATABASE x", "CREATE RETENTION POLICY a ON b DURATION 1d REPLICATION 1", "GRANT ALL TO x",
     "SET PASSWORD FOR x = 'a;b'", "SHOW MEASUREMENTS", "SHOW TAG KEYS FROM cpu", "show users"],
)  # fmt: skip
def test_what_is_always_done_and_what_there_is_not_are_no_errors(query: str) -> None:
    assert result(query) == {"statement_id": 0}


def test_retention_policies_and_what_cannot_be_answered() -> None:
    assert result('SHOW RETENTION POLICIES ON "x"')["series"][0]["values"][0][0] == "autogen"
    assert "answers no queries" in result("SELECT * FROM cpu")["error"]
    assert [r["statement_id"] for r in Databases().answer("CREATE DATABASE a; SELECT 1;; ", "")["results"]] == [0, 1]
