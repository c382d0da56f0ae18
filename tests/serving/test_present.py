import json

from tunewheel.records import Example, Prediction, Span, Words
from tunewheel.serving import present


def test_a_label_comes_with_its_best_probabilities_first():
    prediction = Prediction("b", 0.6, {"a": 0.1, "b": 0.6, "d": 0.15, "c": 0.15})
    answer = present(prediction, Example("x"), top=3)
    assert answer == {"label": "b", "confidence": 0.6, "probabilities": {"b": 0.6, "c": 0.15, "d": 0.15}}
    assert list(answer["probabilities"]) == ["b", "c", "d"]


def test_several_labels_all_show_their_probability():
    prediction = Prediction(("a", "b"), 0.5, {"a": 0.9, "b": 0.8, "c": 0.1})
    assert present(prediction, Example("x"), top=1)["probabilities"] == {"a": 0.9, "b": 0.8}


def test_no_label_and_no_entity_are_told_apart():
    assert present(Prediction((), 0.9, {"a": 0.1}), Example("x"))["labels"] == []
    assert present(Prediction((), 0.9), Example("x"))["entities"] == []


def test_entities_carry_their_text_and_offsets_in_characters():
    example = Example(Words("😀 王芳去了", ((0, 1), (2, 4))))
    answer = present(Prediction((Span(2, 4, "PER", 0.7),), 0.7, tags=("O", "B-PER")), example)
    assert answer["entities"] == [{"start": 2, "end": 4, "text": "王芳", "label": "PER", "confidence": 0.7}]
    assert answer["tags"] == ["O", "B-PER"]


def test_numpy_numbers_become_json():
    import numpy as np

    answer = present(Prediction("a", np.float32(0.5), {"a": np.float32(0.5)}), Example("x"))
    assert json.loads(json.dumps(answer))["confidence"] == 0.5
