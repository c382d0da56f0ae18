"""Times in the many ways people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tunewheel.data.times import sortable_times
from tunewheel.errors import SplitError

THIRD_OF_APRIL = datetime(2024, 4, 3, tzinfo=UTC).timestamp()


def read(*values: Any) -> list[float]:
    return sortable_times(values, [f"row {i}" for i in range(len(values))]).tolist()


@pytest.mark.parametrize(
    "value",
    [
        "2024-04-03",
        "2024-4-3",
        "2024/4/3",
        "2024年4月3日",
        "2024.04.03",
        date(2024, 4, 3),
        datetime(2024, 4, 3),
        "2024-04-03T02:00:00+02:00",
    ],
)
def test_one_day_written_in_many_ways(value: Any) -> None:
    assert read(value) == [THIRD_OF_APRIL]


def test_the_column_shows_whether_day_or_month_comes_first() -> None:
    assert read("3/4/2024", "31/12/2024")[0] == read("03.04.2024", "31.12.2024")[0] == THIRD_OF_APRIL
    assert read("4/3/2024", "12/31/2024")[0] == THIRD_OF_APRIL


def test_a_column_that_does_not_show_it_is_refused() -> None:
    with pytest.raises(SplitError, match="day or month"):
        read("3/4/2024", "5/6/2024")


def test_hours_of_one_digit_and_numbers_are_read() -> None:
    assert read("2024-04-03 9:30") == [THIRD_OF_APRIL + 9.5 * 3600]
    assert read("2019", 2020, 2021.5) == [2019, 2020, 2021.5]


def test_one_gap_in_a_column_of_numbers_is_named_alone() -> None:
    with pytest.raises(SplitError) as caught:
        read(1, 2, "x", 4)
    assert [problem.where for problem in caught.value.problems] == ["row 2"]


def test_many_unreadable_times_are_counted_not_all_listed() -> None:
    with pytest.raises(SplitError, match="80 more rows"):
        read(*["no"] * 100)
