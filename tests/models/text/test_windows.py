import itertools

from hypothesis import given
from hypothesis import strategies as st

from tunewheel.models.text.windows import Window, best_window, windows

SIZES = st.lists(st.integers(1, 12), max_size=80)
ROOMS = st.integers(12, 40)


@given(SIZES, ROOMS)
def test_every_unit_is_read_in_order_and_no_window_is_over_its_room(sizes: list[int], room: int) -> None:
    found = windows(sizes, room, room // 4)
    assert found[0].start == 0 and found[-1].end == len(sizes)
    assert all(one.start < other.start <= one.end < other.end for one, other in itertools.pairwise(found))
    assert all(sum(sizes[window.start : window.end]) <= room for window in found)


@given(SIZES, ROOMS)
def test_neighbours_share_as_much_as_fits_into_the_overlap(sizes: list[int], room: int) -> None:
    overlap = room // 4
    found = windows(sizes, room, overlap)
    for one, other in itertools.pairwise(found):
        assert sum(sizes[other.start : one.end]) <= overlap
        one_more = sum(sizes[other.start - 1 : one.end])
        fits = one_more + sizes[one.end] <= room
        assert one_more > overlap or not fits or other.start == one.start + 1


@given(st.lists(st.integers(1, 60), max_size=40), ROOMS)
def test_a_unit_larger_than_the_room_stands_alone_and_nothing_is_lost(sizes: list[int], room: int) -> None:
    found = windows(sizes, room, room // 4)
    assert set().union(*(range(window.start, window.end) for window in found)) == set(range(len(sizes)))
    over = [window for window in found if sum(sizes[window.start : window.end]) > room]
    assert all(window.end - window.start == 1 for window in over)


def test_a_text_that_fits_is_one_window_and_an_empty_one_too() -> None:
    assert windows([3, 4], 7, 2) == [Window(0, 2)]
    assert windows([], 7, 2) == [Window(0, 0)]


def test_a_long_text_is_cut_as_a_person_would() -> None:
    assert windows([1] * 10, 4, 1) == [Window(0, 4), Window(3, 7), Window(6, 10)]


@given(SIZES, ROOMS)
def test_each_unit_is_answered_where_it_sees_most_of_its_neighbours(sizes: list[int], room: int) -> None:
    found = windows(sizes, room, room // 4)
    chosen = best_window(found, len(sizes))

    def seen(window: Window, unit: int) -> int:
        """Units on the poorer side; an end of the text is no poverty."""
        left = unit - window.start if window.start else len(sizes)
        right = window.end - 1 - unit if window.end < len(sizes) else len(sizes)
        return min(left, right)

    for unit, number in enumerate(chosen):
        holding = [window for window in found if window.start <= unit < window.end]
        assert found[number] in holding
        assert seen(found[number], unit) == max(seen(window, unit) for window in holding)
