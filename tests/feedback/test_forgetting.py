"""What a new version broke and mended."""

import json

import numpy as np

from tunewheel.feedback.forgetting import forgetting
from tunewheel.records import Ratio


def right(values: list[int]) -> Ratio:
    return Ratio(np.array(values, float), np.ones(len(values)))


def test_rows_are_named_by_position_and_classes_that_lost_most_come_first() -> None:
    told = forgetting(list("aabbc"), right([1, 0, 0, 0, 1]), right([0, 0, 1, 1, 1]))
    assert (told.mended, told.broken) == ((0,), (2, 3))
    assert [(one.label, one.rows, one.mended, one.broken) for one in told.classes] == [("b", 2, 0, 2), ("a", 2, 1, 0)]
    assert json.loads(json.dumps(told.to_json()))["broken"] == 2


def test_entities_are_compared_by_their_share() -> None:
    new, old = Ratio(np.array([2.0, 2.0]), np.array([4.0, 4.0])), Ratio(np.array([2.0, 4.0]), np.array([6.0, 4.0]))
    told = forgetting(["x", "y"], new, old)
    assert (told.mended, told.broken) == ((0,), (1,))


def test_rows_that_ask_for_nothing_change_nothing() -> None:
    nothing = Ratio(np.zeros(2), np.zeros(2))
    assert forgetting(["x", "y"], nothing, nothing).classes == ()
