"""The last chapter of a run: who answers the test rows how."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from listening import Listening
from small_texts import intents, write_csv

from tunewheel.training.floors import frozen
from tunewheel.workflows import tune as tuning
from tunewheel.workflows.tune import tune
from tunewheel.workflows.tuning.contend import ROUGHLY
from tunewheel.workflows.tuning.learn import FINE_TUNED

SETTINGS = ("training.precision=bf16", "training.epochs=1", "training.batch_units=512")


@pytest.mark.parametrize(("chosen", "names"), [
    ("before", {frozen.TITLE, FINE_TUNED + ROUGHLY}), ("after", {frozen.TITLE + ROUGHLY, FINE_TUNED}),
])  # fmt: skip
def test_in_a_hurry_only_the_body_that_is_chosen_answers_in_float32(
    chosen: str, names: set[str], tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def preferred(candidates: Sequence[Any], *_: Any, **__: Any) -> tuple[Any, str]:
        return next(one for one in candidates if one.made.role == chosen), "as the test has it"

    monkeypatch.setattr(tuning, "preferred", preferred)
    data = write_csv(tmp_path / "rows.csv", intents(300))
    done = tune(
        data, workspace=tmp_path / "team", model=str(tiny_folder), budget="20s", sets=SETTINGS, say=Listening()
    )  # fmt: skip
    judged = {line.name for line in done.report.judgement.standings}
    assert names <= judged and done.version.name in names and not done.version.name.endswith(ROUGHLY)
