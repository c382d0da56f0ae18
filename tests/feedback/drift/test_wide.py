"""What words and lengths are usually like, told by training rows, too: as far off as it says, and only where alike."""

from __future__ import annotations

import numpy as np
import pytest
from traffic import CLASSES, rows

from tunewheel.feedback.drift import Profile, profile
from tunewheel.feedback.drift.rows import Known, Texts, measures, occurrences, read
from tunewheel.feedback.drift.wide import alike, wide

WORDS = 3_000
COMMON = 1 / np.arange(1, WORDS + 1)


def texts(count: int, generator: np.random.Generator) -> Texts:
    """Eight words each, as rare as words are (Zipf)."""
    drawn = generator.choice(WORDS, (count, 8), p=COMMON / COMMON.sum())
    return read([" ".join(f"w{word}" for word in row) for row in drawn])


def known_of(*parts: Texts) -> Known:
    rare, nothing = np.ones(4096), np.zeros((1, 256))
    return Known(sum(map(len, parts)), sum(map(occurrences, parts)), rare, nothing, np.zeros(1))


def test_the_share_of_new_words_is_off_by_as_much_as_its_rows_say() -> None:
    generator = np.random.default_rng(0)
    off, said, naive = [], [], []
    for _ in range(60):
        held, trained, later = texts(60, generator), texts(240, generator), texts(2_000, generator)
        known = known_of(held, trained)
        usual = wide(known, held, trained)["unseen"]
        truth = measures(known, later, np.ones(2_000))[:, 1]
        off.append(truth.mean() - usual.mean)
        said.append(usual.spread**2 * (1 / usual.rows + 1 / 2_000))
        naive.append(usual.spread**2 * (1 / 300 + 1 / 2_000))
    assert abs(np.mean(off)) < 3 * np.std(off) / np.sqrt(60)
    assert np.var(off) == pytest.approx(np.mean(said), rel=0.4)
    assert np.mean(said) > 1.2 * np.mean(naive)


def test_training_rows_unlike_the_validation_rows_tell_nothing_of_what_is_usual() -> None:
    held, more = rows(100, 1), rows(400, 2)
    longer = [f"{text} {text}" for text in more.texts]

    def learnt(trained: list[str]) -> Profile:
        return profile(
            held.texts, held.labels, held.labels, np.full(100, 0.9), classes=CLASSES, trained=trained,
            trained_labels=more.labels if trained else [],
        )  # fmt: skip

    assert learnt(more.texts).wide["length"].rows == 500
    for trained in (longer, []):
        made = learnt(trained)
        assert made.wide["length"].rows == 100
        assert made.wide["length"].mean == pytest.approx(made.sample[:, 2].mean())
        assert made.wide["unseen"].rows <= 100


def test_samples_of_the_same_are_nearly_always_alike() -> None:
    generator = np.random.default_rng(1)
    same = [alike(generator.random(100), generator.random(400)) for _ in range(400)]
    assert sum(same) >= 392
    assert not alike(generator.random(100), generator.random(400) + 0.2)


def test_a_profile_of_before_looks_with_its_validation_rows_alone() -> None:
    held, more = rows(100, 1), rows(400, 2)
    made = profile(
        held.texts, held.labels, held.labels, np.full(100, 0.9), classes=CLASSES, trained=more.texts,
        trained_labels=more.labels,
    )  # fmt: skip
    kept = made.to_json()
    assert Profile.from_json(kept).wide == made.wide
    del kept["wide"]
    assert Profile.from_json(kept).reference_rows["vocabulary"] == 100
    assert made.reference_rows["vocabulary"] > 100
