from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.domain.board_layout import Box, Cells, bottom, lay_out


def flow(*sizes: tuple[int, int]) -> list[tuple[int, int]]:
    return [(place.x, place.y) for place in lay_out([Box(None, None, w, h) for w, h in sizes], 4)]


def test_boxes_flow_in_reading_order_and_never_back() -> None:
    assert flow((2, 1), (2, 2), (1, 1), (3, 1), (1, 1)) == [(0, 0), (2, 0), (0, 1), (0, 2), (3, 2)]


def test_a_box_with_a_place_keeps_it_and_the_others_flow_around_it() -> None:
    places = lay_out([Box(None, None, 2, 1), Box(0, 0, 1, 1), Box(None, None, 2, 1)], 4)
    assert places == [Cells(1, 0, 2, 1), Cells(0, 0, 1, 1), Cells(0, 1, 2, 1)]


def test_of_two_boxes_at_one_place_the_later_moves_down() -> None:
    assert lay_out([Box(0, 0, 2, 2), Box(1, 1, 2, 1)], 4) == [Cells(0, 0, 2, 2), Cells(1, 2, 2, 1)]
    assert bottom([Cells(0, 0, 2, 2), Cells(1, 2, 2, 1)]) == 3
    assert bottom([]) == 0


coordinates = st.one_of(st.none(), st.integers(0, 8))
boxes = st.builds(
    lambda x, y, w, h: Box(x, y if x is not None else None, w, h),
    coordinates,
    st.integers(0, 20),
    st.integers(1, 4),
    st.integers(1, 4),
)


@given(st.lists(boxes, max_size=20))
def test_no_two_places_share_a_cell_and_what_is_laid_out_stays(given_boxes: list[Box]) -> None:
    places = lay_out(given_boxes, 12)
    assert all(place.x + place.w <= 12 for place in places)
    assert not any(one.overlaps(two) for n, one in enumerate(places) for two in places[:n])
    assert lay_out([Box(*place) for place in places], 12) == places
