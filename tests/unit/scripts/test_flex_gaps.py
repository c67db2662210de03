from __future__ import annotations

import pytest

from scripts.flex_gaps import with_margins

NOT_LAST = ">:not(:last-child)"
HEAD = "@supports not (appearance:none){"


@pytest.mark.parametrize(
    ("css", "rules"),
    [
        (".a{gap:1em;display:flex}", ".a>!{margin-right:1em}"),
        (
            ".a{flex-direction:column;gap:calc(var(--g) * 2) 1em;display:flex}",
            ".a>!{margin-bottom:calc(var(--g) * 2)}",
        ),
        (
            ".a{flex-wrap:wrap;gap:1px 2px;display:flex}",
            ".a>!{margin-right:2px}.a>*{margin-bottom:1px}",
        ),
        (
            ".a,.b{gap:1px;display:inline-flex}.b{gap:3px}",
            ".a>!{margin-right:1px}.b>!{margin-right:1px}.b>!{margin-right:3px}",
        ),
        (
            ".a{gap:1px;display:flex}@media (max-width:7px){.a{gap:2px}}.b{gap:3px;display:flex}",
            ".a>!{margin-right:1px}@media (max-width:7px){.a>!{margin-right:2px}}.b>!{margin-right:3px}",
        ),
    ],
)
def test_margins_take_the_place_of_gaps(css: str, rules: str) -> None:
    assert with_margins(css) == f"{HEAD}{rules.replace('>!', NOT_LAST)}}}{css}"


@pytest.mark.parametrize("css", [".a{gap:1px;display:grid}", ".a{gap:1px}", ".a{display:flex}.a{color:red}"])
def test_grids_and_boxes_without_gaps_stay_as_they_are(css: str) -> None:
    assert with_margins(css) == css
