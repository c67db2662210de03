from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dashboard.boards.board_text import faults_in, line_of, parse_board, write_board
from dashboard.domain.errors import ConfigurationError, TooLarge

PATH = Path("wall.yaml")


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("title: x\nwidgets:\n- {kind: bar, title: a}\n- {kind: pie}\n", "wall.yaml:4: widgets[1].kind: cannot be 'pie'; choose", 4),
        ("title: x\nwidgets:\n- kind: stat\n  title: a\n  w: wide\n", "wall.yaml:5: widgets[0].w: must be a whole number", 5),
        ("title: x\ntitle: y\n", "wall.yaml:2: title appears twice", 2),
        ("title: [\n", "wall.yaml:2: not YAML", 2),
        ("title: x\ntags: [a, ' ']\n", "wall.yaml:2: tags[1]: is blank", 2),
        ("title: x\nwidgets:\n- {kind: stat, title: a, min: .nan}\n", "wall.yaml:3: widgets[0].min: nan is not a number that", 3),
        ("title: x\nteam:\n  - {size: -.inf}\n", "wall.yaml:3: team[0].size: -inf is not", 3),
        ('title: "a\\0b"\n', "wall.yaml:1: title: holds a control character, U+0000", 1),
        ("subtitle: x\n", "wall.yaml:1: title: is missing", 1),
        ("title: x\nwidgets:\n- {kind: stat, title: a, id: i}\n- kind: stat\n  title: b\n  id: i\n",
         "wall.yaml:6: widgets[1].id: two widgets have the id 'i', this one and widgets[0]; give", 6),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_field(text: str, reason: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as told:
        parse_board(text, PATH)
    assert str(told.value).startswith(reason)
    assert line_of(str(told.value)) == line


def test_a_text_that_is_too_long_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge, match="512 KiB"):
        parse_board("#" * 600_000, PATH)


def test_a_written_board_reads_back_as_the_same() -> None:
    document = parse_board((Path(__file__).resolve().parents[3] / "boards" / "host.yaml").read_text(), PATH)
    text = write_board(document)
    assert yaml.safe_load(text) == document
    assert "series: [host_cpu_percent]" in text
    assert line_of("no line") == 0


def test_all_faults_of_a_text_are_said_at_once_each_with_its_line() -> None:
    text = "title: x\nrows: 0\nwidgets:\n- {kind: pie, title: a}\n- {kind: stat}\n- {kind: stat, title: c, max: .inf}\n"
    faults, _ = faults_in(text, PATH)
    assert [each.partition(" ")[0] for each in faults] == [f"wall.yaml:{line}:" for line in (2, 4, 5, 6)]
    faults, _ = faults_in(text + "- {kind: stat, title: d, id: i}\n- {kind: stat, title: e, id: i}\n", PATH)
    assert [each.partition(" ")[0] for each in faults] == [f"wall.yaml:{line}:" for line in (2, 4, 5, 6, 8)]
    faults, unknown = faults_in("title: x\nwidgets:\n- {kind: stat, title: c, seris: [a]}\n", PATH)
    assert (faults, unknown) == (
        [],
        ["wall.yaml:3: widgets[0].seris is not a field (did you mean series?); it is kept"],
    )
