from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_texts import names

from tunewheel.errors import DataError, LabelError, SpanError
from tunewheel.models.processors import load_processor
from tunewheel.records import Batch, Source
from tunewheel.tasks.token_classification import TokenClassification, valid_tags, word_features
from tunewheel.testing.contracts import FEW, Overfitted, TaskContract

HERE = Source("news.conll", 7)


class WordContract(TaskContract):
    task_class = TokenClassification

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tiny_folder: Path) -> Path:
        return tiny_folder


class TestTags(WordContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        return names(30)


class TestCharacterSpans(WordContract):
    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        """The same sentences as texts; the spans count characters."""
        return [_spanned(row["words"], row["tags"], gap=" ") for row in names(30)]


class TestChinese(WordContract):
    """No spaces: every character is a word, and a name is some of them."""

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        people, places = ("王芳", "李小龙", "张伟"), ("上海", "北京市", "广州")
        pairs = [(who, where) for who in people for where in places] * 4
        return [_chinese(number, who, where) for number, (who, where) in enumerate(pairs[:30])]


class TestLongDocuments(WordContract):
    """Ten sentences a document and 32 tokens a window: every document is read in several windows."""

    @pytest.fixture(scope="class")
    @classmethod
    def task(cls, folder: Path) -> TokenClassification:
        made = TokenClassification(TokenClassification.Options())
        learnt = made.learn(cls._examples(made))
        return TokenClassification(made.options, learnt, load_processor(folder, max_tokens=32))

    @classmethod
    def rows(cls) -> list[dict[str, Any]]:
        sentences = names(300)
        return [_document(sentences[start : start + 10]) for start in range(0, 300, 10)]

    def test_every_document_has_several_windows(self, overfitted: Overfitted) -> None:
        batch = overfitted.task.encode(overfitted.few)
        assert batch["windows"].min() > 2 and batch["lengths"].max() <= 32
        assert len(batch) == FEW


def _spanned(words: list[str], tags: list[str], gap: str) -> dict[str, Any]:
    """A text and its spans, found by adding up lengths."""
    spans: list[dict[str, Any]] = []
    position = 0
    for word, tag in zip(words, tags, strict=True):
        end = position + len(word)
        if tag.startswith("B-"):
            spans.append({"start": position, "end": end, "label": tag[2:]})
        elif tag.startswith("I-"):
            spans[-1]["end"] = end
        position = end + len(gap)
    return {"text": gap.join(words), "spans": spans}


def _chinese(number: int, who: str, where: str) -> dict[str, Any]:
    parts = [f"第{number}天", who, "去了", where, "。"]
    return _spanned(parts, ["O", "B-PER", "O", "B-LOC", "O"], gap="")


def _document(sentences: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: [item for sentence in sentences for item in sentence[key]] for key in ("words", "tags")}


def task(**options: Any) -> TokenClassification:
    return TokenClassification(TokenClassification.Options(**options))


def test_any_tag_scheme_is_read_as_iob2() -> None:
    words = ["Anna", "Smith", "saw", "Rome"]
    for tags in (["I-PER", "I-PER", "O", "I-LOC"], ["B-PER", "E-PER", "O", "S-LOC"], ["B-PER", "I-PER", "O", "B-LOC"]):
        assert task().parse({"words": words, "tags": tags}, HERE).target == ("B-PER", "I-PER", "O", "B-LOC")


def test_a_span_that_cuts_a_word_splits_it_and_says_so() -> None:
    text = "Amex-card holders"
    example = task().parse({"text": text, "spans": [{"start": 0, "end": 2, "label": "BRAND"}]}, HERE)
    assert example.content.words()[:2] == ["Am", "ex"]
    assert example.target[:2] == ("B-BRAND", "O")
    assert "cuts the word 'Amex'" in str(example.columns["span problems"][0])


def test_words_and_tags_of_different_number_are_refused_with_their_place() -> None:
    with pytest.raises(SpanError, match=r"news.conll row 7: 2 words, but 1 tags"):
        task().parse({"words": ["a", "b"], "tags": ["O"]}, HERE)


def test_a_span_without_an_end_is_refused_with_its_place() -> None:
    with pytest.raises(SpanError, match="news.conll row 7"):
        task().parse({"text": "Anna", "spans": [{"start": 0, "label": "PER"}]}, HERE)


def test_rows_without_any_entity_cannot_be_learnt() -> None:
    made = task()
    with pytest.raises(LabelError, match="no training row has an entity"):
        made.learn([made.parse({"words": ["a"], "tags": ["O"]}, HERE)])


def test_answers_are_spans_of_the_text_with_its_spaces_and_odd_characters() -> None:
    made = task()
    text = "\u200bAnna\u00a0 Smith,  \U0001f600 上海!"
    example = made.parse({"text": text, "spans": []}, HERE)
    made.facts = {"labels": ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]}
    wanted = {"Anna": 3, "Smith": 4, "上": 1, "海": 2}
    tags = [wanted.get(word, 0) for word in example.content.words()]
    batch = made.plain([example]).batch
    answer = made.decode({"logits": np.eye(5)[tags] * 20}, batch)[0]
    found = {(text[span.start : span.end], span.label) for span in answer.value}
    assert found == {("Anna\u00a0 Smith", "PER"), ("上海", "LOC")}


def test_an_inside_tag_never_stands_alone() -> None:
    labels = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    first, follows = valid_tags(labels)
    allowed = {(a, b) for i, a in enumerate(labels) for j, b in enumerate(labels) if follows[i, j]}
    assert [label for label, may in zip(labels, first, strict=True) if may] == ["O", "B-LOC", "B-PER"]
    assert {a for a, b in allowed if b == "I-PER"} == {"B-PER", "I-PER"}
    assert {b for a, b in allowed if a == "O"} == {"O", "B-LOC", "B-PER"}


def test_the_confidence_of_an_answer_is_that_of_all_its_words() -> None:
    made = task()
    made.facts = {"labels": ["O", "B-X", "I-X"], "temperature": 2.0}
    logits = np.log(np.array([[0.1, 0.8, 0.1], [0.2, 0.1, 0.7]])) * 2.0
    batch = Batch({"words": np.array([2]), "bounds": np.array([[0, 1], [2, 3]])}, {"bounds": "words"})
    answer = made.decode({"logits": logits}, batch)[0]
    assert answer.confidence == pytest.approx(0.8 * 0.7)
    assert [(s.start, s.end, s.label) for s in answer.value] == [(0, 3, "X")]
    assert answer.value[0].confidence == pytest.approx(0.8 * 0.7)


def test_a_text_without_a_single_word_has_an_empty_answer(tiny_folder: Path) -> None:
    made = task()
    examples = [made.parse(row, HERE) for row in ({"text": " \u200b "}, *names(2))]
    made = TokenClassification(made.options, made.learn(examples), load_processor(tiny_folder))
    batch = made.encode([replace(example, target=None) for example in examples])
    answers = made.decode({"logits": np.zeros((int(batch["words"].sum()), 5))}, batch)
    assert answers[0].value == () and answers[0].confidence == 1.0
    assert [len(answer.tags) for answer in answers] == [0, *map(len, (e.content for e in examples[1:]))]


def test_features_of_a_word_see_its_neighbours_and_its_shape() -> None:
    features = word_features(["McDonald's", "in", "Rome2"])
    assert {"w=mcdonald's", "shape=XxXx'x", "-1=<s>", "+1=in", "+2=rome2"} <= set(features[0])
    assert {"shape=Xx0", "-2=mcdonald's", "-1w=in|rome2"} <= set(features[2])


@pytest.mark.parametrize("row", [{"words": None, "tags": None}, {"text": None, "spans": []}])
def test_an_empty_cell_is_told_as_such(row: dict[str, Any]) -> None:
    column = next(iter(row))
    with pytest.raises(DataError, match=f"news.conll row 7: column '{column}' is empty"):
        TokenClassification(TokenClassification.Options()).parse(row, HERE)


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "BIOES", "BILOU", "BMES"])
def test_the_schemes_that_the_option_promises_are_read(scheme: str) -> None:
    tags = {
        "IOB1": ["I-PER", "I-PER", "O", "I-LOC"],
        "IOB2": ["B-PER", "I-PER", "O", "B-LOC"],
        "BIOES": ["B-PER", "E-PER", "O", "S-LOC"],
        "BILOU": ["B-PER", "L-PER", "O", "U-LOC"],
        "BMES": ["B-PER", "E-PER", "O", "S-LOC"],
    }[scheme]
    options = TokenClassification.Options()
    assert scheme in str(TokenClassification.Options.model_fields["tags"].description)
    example = TokenClassification(options).parse({"words": ["Ada", "L.", "in", "Rome"], "tags": tags}, HERE)
    assert example.target == ("B-PER", "I-PER", "O", "B-LOC")
