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


def saved_until_cut(session: Session, folder: Path, step: int, touches: int) -> None:
    session.step = step
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(PowerCut):
        cut_after(patch, touches)
        checkpoints.save(session, folder)


def step_of(session: Session, folder: Path) -> int:
    found = checkpoints.find(folder)
    assert found is not None
    checkpoints.load(session, found)
    return session.step


def test_a_power_cut_at_any_moment_leaves_the_old_or_the_new_checkpoint(small, tmp_path) -> None:
    """Also when the power goes again at the first save after the restart."""
    session, fresh = small.session(mode="head"), small.session(mode="head")
    next(train(session, small.train, None))
    seen, between_renames = set(), 0
    for touches in range(18):
        folder = tmp_path / str(touches) / "saved"
        saved_until_cut(session, folder, step=1, touches=1000)
        saved_until_cut(session, folder, step=2, touches=touches)
        before = step_of(fresh, folder)
        seen.add(before)
        if folder.exists():
            continue
        between_renames += 1
        for more in range(18):
            again = Path(shutil.copytree(folder.parent, tmp_path / f"{touches}-{more}")) / "saved"
            saved_until_cut(session, again, step=3, touches=more)
            assert step_of(fresh, again) in (before, 3), (touches, more)
    assert seen == {1, 2} and between_renames == 1
