"""What is kept beside a version for its other forms: contents of validation rows, nobody's feedback, no labels."""

from tunewheel.data.words import split_words
from tunewheel.records import Example, Picture, Source
from tunewheel.workflows.rows.frozen import as_example
from tunewheel.workflows.rows.sets import Sets
from tunewheel.workflows.tuning.enlist import HELD_BYTES, HELD_PICTURES, HELD_ROWS, Office


def held(validation: list[Example]) -> list[Example]:
    sets = Sets(train=[], validation=validation, test=[], test_sha256="")
    office = Office(None, sets, None, None)  # type: ignore[arg-type]
    return [as_example(row) for row in office._held()]


def test_contents_are_kept_without_labels_columns_and_feedback() -> None:
    file, said = Source("questions.csv", 3), Source("feedback", 1)
    rows = [Example("my card", "card", file, {"shop": "a"}), Example("a secret", "fee", said)]
    assert held(rows) == [Example("my card")]
    words = split_words("Anna lives in 上海.")
    assert held([Example(words, ("O",) * len(words), file)]) == [Example(words)]


def test_of_many_a_part_that_is_evenly_spread() -> None:
    kept = held([Example(f"text {number}") for number in range(2_000)])
    assert len(kept) == HELD_ROWS and kept[0].content == "text 0" and kept[-1].content == "text 1996"


def test_of_large_pictures_fewer_are_kept() -> None:
    small = [Example(Picture(b"x" * 10, f"{number}.png")) for number in range(300)]
    assert len(held(small)) == HELD_PICTURES
    large = [Example(Picture(bytes(HELD_BYTES // 3), f"{number}.png")) for number in range(5)]
    assert len(held(large)) == 3
