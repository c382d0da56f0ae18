"""What may be served: as near as the tolerance asks, and of those the fastest."""

from dataclasses import replace

from tunewheel.serving.variant import Tolerance, Variant, chosen_of

VARIANT = Variant("onnx-fp32", "text", "accuracy", 1_000, 1_000, 0.9, 0.0, 0.0, 0.0, 6.0, 3.0, 90)
SMALL = replace(VARIANT, name="onnx-int8", same=985, change=-0.004, low=-0.009, high=0.001, milliseconds=2.0)


def test_the_fastest_that_is_near_enough_is_chosen() -> None:
    assert chosen_of([VARIANT, SMALL], Tolerance()) == "onnx-int8"
    assert chosen_of([VARIANT, SMALL], Tolerance(same=0.99)) == "onnx-fp32"
    assert chosen_of([], Tolerance()) is None


def test_of_two_that_are_about_as_fast_it_is_the_one_whose_rows_answer_alike_in_company() -> None:
    fixed = replace(SMALL, name="onnx-int8-static", milliseconds=2.2)
    assert chosen_of([VARIANT, SMALL, fixed], Tolerance()) == "onnx-int8-static"
    assert chosen_of([VARIANT, SMALL, replace(fixed, milliseconds=2.5)], Tolerance()) == "onnx-int8"
    assert chosen_of([VARIANT, SMALL, replace(fixed, same=970)], Tolerance()) == "onnx-int8"


def test_what_is_not_near_enough_is_refused_with_the_reason() -> None:
    assert SMALL.refusal(Tolerance()) is None
    assert "98.5 % of its answers are the evaluated ones, 99 % must be" in SMALL.refusal(Tolerance(same=0.99))
    assert "loses 0.4 points of accuracy, 0.1 may be lost" in SMALL.refusal(Tolerance(lost=0.001))


def test_a_better_score_is_no_loss() -> None:
    assert replace(SMALL, change=0.02).refusal(Tolerance()) is None


def test_it_is_kept_as_plain_json() -> None:
    assert Variant.from_json(SMALL.to_json()) == SMALL
