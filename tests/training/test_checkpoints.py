import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tunewheel.training import checkpoints
from tunewheel.training.loop import Session, plan, train

# Where it stops: after every step, or at two places.
STOPS = [
    ({}, None), ({"mode": "lora"}, (2, 7)), ({"mode": "partial"}, (2, 7)), ({"optimizer": "sgd"}, (2, 7)),
    ({"precision": "bf16"}, (2, 7)),
]  # fmt: skip


class PowerCut(BaseException):
    """Not an Exception, so that nothing can tidy up after it unseen."""


def finished(small: Any, session: Session) -> Session:
    for _ in train(session, small.train, small.validator(session)):
        pass
    return session


@pytest.mark.parametrize(("changes", "stops"), STOPS, ids=str)
def test_a_run_stopped_after_any_step_ends_with_the_same_weights(
    small, weights, same, tmp_path, changes, stops
) -> None:
    changes = {"epochs": 2, "dropout": 0.2, **changes}
    whole = finished(small, small.session(**changes))
    saved = []
    session = small.session(**changes)
    for step in train(session, small.train, small.validator(session)):
        if stops is None or step.number in stops:
            checkpoints.save(session, tmp_path / str(step.number))
            saved.append(tmp_path / str(step.number))
    assert len(saved) == (whole.step if stops is None else len(stops))
    for folder in saved:
        resumed = small.session(**changes)
        torch.rand(3)
        checkpoints.load(resumed, folder)
        assert same(weights(finished(small, resumed)), weights(whole)), folder.name
        assert resumed.step == whole.step and resumed.best_score == whole.best_score


def test_a_run_that_had_stopped_early_does_not_go_on(small, weights, same, tmp_path) -> None:
    changes = {"epochs": 9, "patience": 1, "learning_rate": 1e-9, "head_learning_rate": 1e-9}
    session = small.session(**changes)
    for _ in train(session, small.train, small.validator(session)):
        checkpoints.save(session, tmp_path / "saved")
    assert session.step < sum(map(len, plan(small.train, session.options, session.seed)))
    resumed = small.session(**changes)
    checkpoints.load(resumed, tmp_path / "saved")
    assert list(train(resumed, small.train, small.validator(resumed))) == []
    assert same(weights(resumed), weights(session))


def test_a_checkpoint_holds_plain_files_only(small, tmp_path) -> None:
    session = small.session(mode="head")
    next(train(session, small.train, None))
    checkpoints.save(session, tmp_path / "saved")
    names = {"now.safetensors", "best.safetensors", "optimizer.safetensors", "session.json"}
    assert {path.name for path in (tmp_path / "saved").iterdir()} == names


def test_there_is_none_before_the_first(tmp_path) -> None:
    assert checkpoints.find(tmp_path / "saved") is None


def cut_after(monkeypatch: pytest.MonkeyPatch, touches: int) -> None:
    """The power goes after so many changes on the disk."""
    left = touches

    def failing(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                raise PowerCut
            left -= 1
            return original(*arguments, **named)

        return call

    for owner, name in (
        (checkpoints, "save_file"),
        (Path, "write_text"),
        (Path, "rename"),
        (Path, "mkdir"),
        (shutil, "rmtree"),
        (os, "fsync"),
    ):
        monkeypatch.setattr(owner, name, failing(getattr(owner, name)))


def test_a_power_cut_at_any_moment_leaves_the_old_or_the_new_checkpoint(small, tmp_path) -> None:
    """Also when the power goes again at the first save after the restart."""
    session, fresh = small.session(mode="head"), small.session(mode="head")
    next(train(session, small.train, None))
    seen = set()
    for first in range(18):
        for second in (0, 9, 13, 14, 20):
            folder = tmp_path / f"{first}-{second}" / "saved"
            session.step = 1
            checkpoints.save(session, folder)
            for number, touches in ((2, first), (3, second)):
                session.step = number
                with pytest.MonkeyPatch.context() as patch:
                    cut_after(patch, touches)
                    with contextlib.suppress(PowerCut):
                        checkpoints.save(session, folder)
                found = checkpoints.find(folder)
                assert found is not None, (first, second)
                checkpoints.load(fresh, found)
                assert fresh.step in range(1, number + 1)
            seen.add(fresh.step)
    assert seen == {1, 2, 3}
