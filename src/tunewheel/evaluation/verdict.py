"""What the numbers mean: the verdict, the power of the test set, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from .classes import Confusion
from .compare import points
from .outcomes import NOTHING
from .report import Comparison, Leak, Verdict, Weaknesses, spelled

_HEADLINES: dict[Verdict, str] = {
    "better": "Better, and proved",
    "unproved": "Not proved better",
    "floor wins": "A plain floor is enough",
    "worse": "Worse than before fine-tuning",
    "alone": "Measured, with nothing to compare",
}
# Where the judged one is not fine-tuned, and stands beside the model that is.
_BESIDE_FINE_TUNED: dict[Verdict, str] = {
    "better": "{} is enough: better than the fine-tuned model, and proved",
    "unproved": "{} may be enough: as good as the fine-tuned model, as far as this test set can tell",
    "worse": "{} is worse than the fine-tuned model",
}
_HALF_PROVED = {
    "floor": "Better than the floor; fine-tuning itself is not proved",
    "before": "Better than before; not proved better than the floor",
}
_FEW_ROWS = 10


def verdict(comparisons: Sequence[Comparison]) -> Verdict:
    """In one word. Better means better than every rival, each time proved; a floor wins as soon as it is level."""
    if not comparisons:
        return "alone"
    if any(c.role == "floor" and c.difference.value <= 0 for c in comparisons):
        return "floor wins"
    if any(c.difference.proved and c.difference.value < 0 for c in comparisons):
        return "worse"
    return "better" if all(c.difference.proved for c in comparisons) else "unproved"


def headline(judged: Verdict, comparisons: Sequence[Comparison], name: str) -> str:
    """The verdict on the model of that name as a heading."""
    if _is_beside_fine_tuned(comparisons):
        return _BESIDE_FINE_TUNED[judged].format(name)
    won = [c.role for c in comparisons if c.difference.proved and c.difference.value > 0]
    if judged == "unproved" and won:
        return _HALF_PROVED[won[0]]
    return _HEADLINES[judged]


def power(rows: int, gain: float, metric: str) -> str:
    """How small a gain the test set can show; `gain` is a share of 1."""
    seen = f"a gain of {points(gain)} points of {spelled(metric)} or more"
    return f"This test set of {rows:,} rows can see {seen} (with a chance of 80 %, at the 5 % level)."


def advice(
    judged: Verdict, leak: Leak | None, weaknesses: Weaknesses, comparisons: Sequence[Comparison] = ()
) -> list[str]:
    """What to do next, most important first."""
    weak = next((part for part in weaknesses.slices if part.difference.proved and part.difference.value < 0), None)
    rare = [row.label for row in weaknesses.classes if 0 < row.support < _FEW_ROWS]
    steps = [_what_to_serve(judged, _is_beside_fine_tuned(comparisons))]
    if leak is not None:
        steps.append(f"Quote the score without the {len(leak.positions):,} test rows that are also in training.")
    if weak is not None:
        steps.append(
            f"Label more rows like the weakest slice, {weak.name}: "
            f"{points(-weak.difference.value)} points below the rest ({weak.rows:,} rows)."
        )
    if weaknesses.confusions and weaknesses.confusions[0].count > 1:
        steps.append(_read(weaknesses.confusions[0]))
    if rare:
        steps.append(f"{_classes(len(rare))} fewer than {_FEW_ROWS} test rows: their scores say little.")
    return steps


def _is_beside_fine_tuned(comparisons: Sequence[Comparison]) -> bool:
    return any(comparison.role == "after" for comparison in comparisons)


def _what_to_serve(judged: Verdict, beside_fine_tuned: bool) -> str:
    if beside_fine_tuned and judged != "better":
        return {
            "unproved": "Serve this one or the fine-tuned model, whichever is cheaper; more test rows may decide it.",
            "worse": "Serve the fine-tuned model.",
        }[judged]
    return {
        "better": "Serve it: tunewheel serve.",
        "unproved": "Add labelled rows before you rely on it; the simpler model in the table may do as well.",
        "floor wins": "Serve the floor: it answers at least as well.",
        "worse": "Keep what you had; try a lower learning rate, fewer epochs or a larger model.",
        "alone": "Add a plain floor, so that the number has something to stand beside.",
    }[judged]


def _read(most: Confusion) -> str:
    times = f"({most.count} times, the most frequent mistake)"
    if most.actual == NOTHING:
        return f"Read the rows where {most.predicted} is seen where there is none {times}."
    if most.predicted == NOTHING:
        return f"Read the rows where {most.actual} is missed {times}."
    return f"Read the rows where {most.actual} is taken for {most.predicted} {times}."


def _classes(count: int) -> str:
    return "1 class has" if count == 1 else f"{count} classes have"
