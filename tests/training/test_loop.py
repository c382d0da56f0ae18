import inspect
import math
from collections.abc import Callable, Iterator

import pytest
import torch

from tunewheel.records import Scores
from tunewheel.training.loop import plan, train


def scripted(values: list[float]) -> Callable[[], Scores]:
    """A validation that answers one value after the other."""
    coming: Iterator[float] = iter(values)
    return lambda: Scores({"accuracy": next(coming)})


def test_nothing_happens_until_a_step_is_asked_for(small, weights, same) -> None:
    session = small.session()
    before = weights(session)
    steps = train(session, small.train, None)
    assert inspect.isgenerator(steps)
    assert session.step == 0 and same(before, weights(session))
    first = next(steps)
    assert first.number == session.step == 1
    assert not same(before, weights(session))


def test_steps_say_how_far_it_has_come(small) -> None:
    session = small.session()
    steps = list(train(session, small.train, small.validator(session)))
    epochs = plan(small.train, session.options, session.seed)
    assert len(steps) == sum(map(len, epochs)) == steps[0].total
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert [step.epoch for step in steps] == [epoch for epoch, batches in enumerate(epochs) for _ in batches]
    assert all(math.isfinite(step.loss) and step.seconds > 0 for step in steps)
    assert sum(step.units for step in steps) == 3 * int(small.train["tokens"].sum())
    assert steps[0].learning_rate < max(step.learning_rate for step in steps) <= 2e-3


def test_the_loss_falls(small) -> None:
    losses = [step.loss for step in train(small.session(epochs=8), small.train, None)]
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


@pytest.mark.parametrize("times", [1, 2])
def test_it_validates_as_often_as_asked_and_always_at_the_end_of_an_epoch(small, times: int) -> None:
    session = small.session(validations=times)
    steps = list(train(session, small.train, small.validator(session)))
    assert sum(step.validation is not None for step in steps) == 3 * times
    ends = [
        one for one, other in zip(steps, [*steps[1:], None], strict=True) if other is None or other.epoch > one.epoch
    ]
    assert all(step.validation is not None for step in ends)


def test_it_stops_early_and_the_best_weights_are_back(small, weights, same) -> None:
    session = small.session(epochs=9, patience=2)
    best = {}
    steps = []
    for step in train(session, small.train, scripted([0.5, 0.7, 0.6, 0.7, 0.9])):
        steps.append(step)
        if step.best:
            best = weights(session)
    assert [step.validation["accuracy"] for step in steps if step.validation] == [0.5, 0.7, 0.6, 0.7]
    assert steps[-1].stopped_early and not any(step.stopped_early for step in steps[:-1])
    assert session.best_score == 0.7
    assert same(weights(session), best)


def test_without_early_stopping_the_best_weights_are_back_too(small, weights, same) -> None:
    session = small.session()
    after_first = {}
    for step in train(session, small.train, scripted([0.9, 0.5, 0.5])):
        if step.best:
            after_first = weights(session)
    assert same(weights(session), after_first)


def test_without_validation_the_last_weights_stay(small, weights, same) -> None:
    session = small.session()
    last = {}
    for _ in train(session, small.train, None):
        last = weights(session)
    assert same(weights(session), last)


@pytest.mark.parametrize("changes", [{}, {"mode": "lora"}, {"precision": "bf16"}, {"optimizer": "sgd"}], ids=str)
def test_the_same_seed_gives_the_same_weights_to_the_last_bit(small, weights, same, changes) -> None:
    runs = []
    for seed in (0, 0, 1):
        session = small.session(seed, epochs=2, **changes)
        torch.rand(5)  # what happens outside must not matter
        for _ in train(session, small.train, small.validator(session)):
            torch.rand(1)
        runs.append(weights(session))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_two_runs_of_one_program_may_compute_differently(small) -> None:
    halves = [small.session(precision=name).half for name in ("fp32", "bf16", "fp32")]
    assert halves == [False, True, False]


def test_gradients_are_clipped(small) -> None:
    norms = []
    session = small.session(clip=1e-3, optimizer="sgd")
    for _ in train(session, small.train, None):
        gradients = [p.grad for p in session.module.parameters() if p.grad is not None]
        norms.append(torch.linalg.vector_norm(torch.cat([g.flatten() for g in gradients])).item())
    assert max(norms) <= 1e-3 * 1.001


def test_label_smoothing_keeps_the_loss_above_its_floor(small) -> None:
    losses = [step.loss for step in train(small.session(epochs=12, label_smoothing=0.3), small.train, None)]
    # The entropy of the smoothed target: nobody can do better.
    shares = torch.tensor([0.8, 0.1, 0.1])
    assert min(losses) > float(-(shares * shares.log()).sum()) - 1e-6


def test_a_session_is_settled_between_its_steps_only(small) -> None:
    session = small.session(epochs=1)
    seen = []

    def validate():
        seen.append(session.settled)
        return small.validator(session)()

    assert all(session.settled for _ in train(session, small.train, validate))
    assert seen == [False]


def test_a_training_of_so_many_steps_ends_with_them_and_its_rate_too(small) -> None:
    whole = list(train(small.session(epochs=3), small.train, None))
    cut = list(train(small.session(epochs=3, steps=len(whole) - 2), small.train, None))
    assert len(cut) == cut[-1].total == len(whole) - 2
    assert cut[-1].learning_rate < whole[len(cut) - 1].learning_rate
