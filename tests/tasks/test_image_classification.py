import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tunewheel.errors import ColumnError, DataError, LabelError, TunewheelError
from tunewheel.models.backbone import load_backbone
from tunewheel.models.processors import load_processor
from tunewheel.models.tensors import to_arrays, to_tensors
from tunewheel.models.tiny import tiny_image
from tunewheel.records import Source
from tunewheel.tasks.image_classification import ImageClassification

HERE = Source("pictures.csv", 3)


def png(brightness: int, side: int = 20) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (side, side), brightness).save(stream, "PNG")
    return stream.getvalue()


def task(**options: Any) -> ImageClassification:
    return ImageClassification(ImageClassification.Options(**options))


@pytest.fixture
def ready(tmp_path: Path) -> ImageClassification:
    """Told of twelve grey squares of two labels, with a tiny body's processor."""
    made = task(shift=0.0)
    examples = [made.parse({"image": png(10 * n), "label": "dark" if n < 6 else "light"}, HERE) for n in range(12)]
    return ImageClassification(made.options, made.learn(examples), load_processor(tiny_image(tmp_path / "tiny")))


def examples_of(ready: ImageClassification, *pairs: tuple[int, str | None]) -> list[Any]:
    return [ready.parse({"image": png(level), "label": label}, HERE) for level, label in pairs]


@pytest.mark.parametrize(
    "value",
    [
        png(5),
        {"bytes": png(5), "path": "a.png"},
        base64.b64encode(png(5)).decode(),
        "data:image/png;base64," + base64.b64encode(png(5)).decode(),
    ],
    ids=["bytes", "struct", "base64", "data address"],
)
def test_a_picture_comes_in_any_of_its_forms(value: Any) -> None:
    example = task().parse({"image": value, "label": 3.0, "shop": "a"}, HERE)
    assert example.content.data == png(5) and example.target == "3" and example.columns == {"shop": "a"}


@pytest.mark.parametrize("value", ["a.png", "", b"", {"bytes": None, "path": None}, 7])
def test_what_is_no_picture_is_named_by_its_row(value: Any) -> None:
    with pytest.raises(DataError, match=r"pictures\.csv row 3"):
        task().parse({"image": value}, HERE)


def test_a_missing_column_lists_those_there_are() -> None:
    with pytest.raises(ColumnError, match="It has: photo, label"):
        task().parse({"photo": png(1), "label": "a"}, HERE)


def test_one_label_only_cannot_be_learnt() -> None:
    with pytest.raises(LabelError, match=r"have 1 \('a'\)"):
        task().learn([task().parse({"image": png(1), "label": "a"}, HERE)])


def test_facts_tell_labels_size_and_colour(ready: ImageClassification) -> None:
    assert ready.facts == {"labels": ["dark", "light"], "side": 20, "grey": True}


def test_balanced_weights_favour_rare_labels() -> None:
    made = task(class_weights="balanced")
    rows = [{"image": png(n), "label": "rare" if n == 0 else "usual"} for n in range(4)]
    weights = made.learn([made.parse(row, HERE) for row in rows])["class_weights"]
    assert weights == [2.0, pytest.approx(2 / 3)]


def test_pictures_are_encoded_at_their_own_size_and_in_grey(ready: ImageClassification) -> None:
    batch = ready.encode(examples_of(ready, (0, "dark"), (99, "light")))
    assert batch["pixels"].shape == (2, 1, 20, 20) and batch["targets"].tolist() == [0, 1]


def test_a_size_that_was_asked_for_is_kept(ready: ImageClassification) -> None:
    asked = ImageClassification(ready.Options(size=64), ready.facts, ready.processor)
    assert asked.encode(examples_of(ready, (0, None)))["pixels"].shape == (1, 1, 64, 64)


def test_unknown_and_missing_labels_leave_out_the_targets(ready: ImageClassification) -> None:
    assert "targets" not in ready.encode(examples_of(ready, (0, "dark"), (1, None)))
    assert "targets" not in ready.encode(examples_of(ready, (0, "dark"), (1, "purple")))


def test_floors_see_small_pictures_as_numbers(ready: ImageClassification) -> None:
    plain = ready.plain(examples_of(ready, (0, "dark"), (255, "light")))
    assert plain.kind == "vectors" and plain.items.shape == (2, 400) and plain.items.dtype == np.float32
    assert plain.items.min() == 0 and plain.items.max() == 1 and plain.targets.tolist() == [0, 1]


def test_large_colour_pictures_stay_below_a_thousand_numbers(ready: ImageClassification) -> None:
    ready.facts |= {"side": 400, "grey": False}
    assert ready.plain(examples_of(ready, (0, "dark"))).items.shape == (1, 972)


def test_it_learns_twelve_pictures_and_says_so(ready: ImageClassification, tmp_path: Path) -> None:
    torch.manual_seed(0)
    examples = examples_of(ready, *[(20 * n, "dark" if n < 6 else "light") for n in range(12)])
    batch = ready.encode(examples)
    tensors = to_tensors(batch)
    module = ready.adapt(load_backbone(tmp_path / "tiny")).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-2)
    for _ in range(40):
        ready.loss(module(tensors), tensors).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        outputs = to_arrays(module.eval()(tensors))
    predictions = ready.decode(outputs, batch)
    assert ready.score(predictions, examples)["accuracy"] == 1.0
    assert sum(predictions[0].probabilities.values()) == pytest.approx(1.0)
    assert predictions[0].confidence == max(predictions[0].probabilities.values())
    assert ready.decode(outputs, batch.select([4]))[0].value in ready.labels


def test_calibration_fits_a_temperature(ready: ImageClassification) -> None:
    batch = ready.encode(examples_of(ready, *[(n, "dark" if n % 4 else "light") for n in range(12)]))
    found = ready.calibrate({"logits": np.tile(np.float32([9.0, 0.0]), (12, 1))}, batch)
    assert found["temperature"] > 3
    assert ready.calibrate({"logits": np.zeros((0, 2), np.float32)}, ready.encode([])) == {}


def test_no_picture_gives_no_answer(ready: ImageClassification) -> None:
    assert ready.decode({"logits": np.zeros((0, 2), np.float32)}, ready.encode([])) == []


def test_the_sample_parses_and_is_two_labels() -> None:
    made = task()
    examples = [made.parse(row, HERE) for row in made.sample]
    assert made.learn(examples)["labels"] == ["black", "white"]


def test_bad_pictures_are_named_together_when_encoding(ready: ImageClassification) -> None:
    bad = [ready.parse({"image": b"no picture", "file": f"{n}.png"}, HERE) for n in range(2)]
    with pytest.raises(TunewheelError) as caught:
        ready.encode(bad)
    assert [problem.where for problem in caught.value.problems] == ["0.png", "1.png"]
