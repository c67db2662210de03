from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.view_resolver import ViewResolver
from dashboard.domain.errors import Invalid, NotAuthenticated, NotFound
from dashboard.domain.identity import ANONYMOUS
from dashboard.messages.views import Watch
from tests.support.hubs import person

WALL = "title: Wall\nwindow_s: 60\nrate_hz: 2\nwidgets:\n- {kind: stat, title: CPU, series: [cpu], document: note}\n"


@pytest.fixture
def resolve(tmp_path: Path) -> ViewResolver:
    (tmp_path / "wall.yaml").write_text(WALL)
    (tmp_path / "closed.yaml").write_text(WALL)
    return ViewResolver(Boards(tmp_path), Access(("wall",), ("closed",)), max_selectors=2)


def test_a_board_is_watched_as_its_file_says(resolve: ViewResolver) -> None:
    spec, board = resolve(Watch(board="wall"), ANONYMOUS)
    assert ([s.text for s in spec.selectors], spec.window_ms, spec.rate_hz) == (["cpu", "note"], 60_000, 2.0)
    assert board is not None
    assert msgspec.json.decode(board)["title"] == "Wall"


def test_a_board_is_encoded_once_until_it_or_its_fault_changes(tmp_path: Path) -> None:
    (tmp_path / "wall.yaml").write_text(WALL)
    boards = Boards(tmp_path)
    resolve = ViewResolver(boards, Access(("wall",), ()))
    request = Watch(board="wall")
    _, first = resolve(request, ANONYMOUS)
    assert resolve(request, ANONYMOUS)[1] is first
    shown = boards.shown("wall")
    boards.take_files({"wall": shown}, {tmp_path / "wall.yaml": "line 2: is wrong"})
    _, faulty = resolve(request, ANONYMOUS)
    assert faulty is not None
    assert msgspec.json.decode(faulty)["fault"] == "line 2: is wrong"
    changed = msgspec.structs.replace(shown, board=msgspec.structs.replace(shown.board, title="Other"))
    boards.take_files({"wall": changed}, {})
    _, other = resolve(request, ANONYMOUS)
    assert other is not None
    assert msgspec.json.decode(other)["title"] == "Other"


def test_window_and_rate_of_a_request_come_first(resolve: ViewResolver) -> None:
    spec, _ = resolve(Watch(board="wall", window_s=5, rate_hz=1, points=9), ANONYMOUS)
    assert (spec.window_ms, spec.rate_hz, spec.points) == (5_000, 1.0, 9)


def test_a_viewer_watches_selectors_of_its_own(resolve: ViewResolver) -> None:
    spec, board = resolve(Watch(selectors=["a", "b"]), person("ann"))
    assert ([s.text for s in spec.selectors], board) == (["a", "b"], None)
    assert (spec.window_ms, spec.rate_hz) == (900_000, 10.0)


def test_screens_that_want_the_same_share_a_view(resolve: ViewResolver) -> None:
    one, _ = resolve(Watch(selectors=["a"]), person("ann"))
    same, _ = resolve(Watch(selectors=["a"], window_s=900), person("bob"))
    other, _ = resolve(Watch(selectors=["a"], window_s=60), person("bob"))
    assert one.id == same.id != other.id


def test_what_is_left_out_keeps_the_indices_of_the_others(resolve: ViewResolver) -> None:
    whole, _ = resolve(Watch(selectors=["a", "b"]), person("ann"))
    part, _ = resolve(Watch(selectors=["a", "b"], skip=[0, 0]), person("ann"))
    assert ([s.text for s in part.shown], part.selectors) == (['{__name__=""}', "b"], whole.selectors)
    assert whole.id != part.id
    with pytest.raises(Invalid, match="skip: names the selector 2; there are 2, counted from 0"):
        resolve(Watch(selectors=["a", "b"], skip=[2]), person("ann"))


def test_tiles_are_left_out_only_of_the_board_that_the_screen_has(resolve: ViewResolver) -> None:
    _, board = resolve(Watch(board="wall"), ANONYMOUS)
    assert board is not None
    tag = msgspec.json.decode(board)["tag"]
    for request, skipped in (
        (Watch(board="wall", tag=tag, skip=[1]), (1,)),
        (Watch(board="wall", tag="other", skip=[1, 700]), ()),
        (Watch(board="wall", skip=[1]), ()),
    ):
        assert resolve(request, ANONYMOUS)[0].skipped == skipped


def test_an_expression_that_is_left_out_is_not_evaluated_unless_another_tile_shows_it(resolve: ViewResolver) -> None:
    def evaluated(*skip: int) -> list[str]:
        spec, _ = resolve(Watch(selectors=["sum(a)", "sum(a)"], skip=list(skip)), person("ann"))
        assert len(spec.expressions) == 1  # so that the view has the same partitions
        return [each.text for each in spec.evaluated]

    assert (evaluated(), evaluated(0), evaluated(0, 1)) == (["sum(a)"], ["sum(a)"], [])


@pytest.mark.parametrize("request_", [Watch(), Watch(board="wall", selectors=["a"]), Watch(selectors=["a", "b", "c"])])
def test_a_request_for_nothing_for_two_things_or_for_too_much_is_refused(
    resolve: ViewResolver, request_: Watch
) -> None:
    with pytest.raises(Invalid):
        resolve(request_, person("ann"))


def test_whoever_is_not_known_logs_in_first(resolve: ViewResolver) -> None:
    for request in (Watch(selectors=["a"]), Watch(board="closed")):
        with pytest.raises(NotAuthenticated):
            resolve(request, ANONYMOUS)


def test_a_board_that_a_user_may_not_see_is_as_if_it_were_not_there(resolve: ViewResolver) -> None:
    for board in ("closed", "gone"):
        with pytest.raises(NotFound):
            resolve(Watch(board=board), person("ann"))
