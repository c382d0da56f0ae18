from dataclasses import replace

import pytest
from keyword_task import KeywordTask
from memory_journal import asked

from tunewheel.feedback.remarks import Remark, hear
from tunewheel.records import Source, content_key
from tunewheel.tasks.text_classification import TextClassification
from tunewheel.tasks.token_classification import TokenClassification

NOW = "2026-11-28T10:00:00.000000Z"


def heard(task, *remarks, answers=(), **more):
    return hear(remarks, {one.id: one for one in answers}, task, origin="api", now=NOW, **more)


@pytest.fixture
def intents():
    return TextClassification(TextClassification.Options(), {"labels": ["card_arrival", "fees"]})


@pytest.fixture
def names():
    return TokenClassification(TokenClassification.Options(), {"labels": ["O", "B-PER", "I-PER"]})


def test_a_label_is_joined_to_the_answer_it_corrects(intents):
    answer = asked("Where is it?", "fees")
    result = heard(intents, Remark(Source("[0]"), "label", " card_arrival ", "anna", answer.id), answers=[answer])
    (said,) = result.said
    assert (said.value, said.asked, said.key, said.row, said.at) == (
        "card_arrival", answer.id, answer.key, answer.row, NOW,
    )  # fmt: skip
    assert not (result.missing or result.wrong or result.doubts)


def test_all_mistakes_are_told_together_each_with_its_place(intents):
    answer = asked("Where is it?")
    result = heard(
        intents,
        Remark(Source("f.csv", 2), "label", "fees", asked="nobody"),
        Remark(Source("f.csv", 3), "label", "  ", asked=answer.id),
        Remark(Source("f.csv", 4), "label", ["a", "b"], asked=answer.id),
        Remark(Source("f.csv", 5), "label", "fees", asked="nothing"),
        answers=[answer],
    )
    assert [problem.where for problem in result.missing] == ["f.csv row 2", "f.csv row 5"]
    assert [problem.where for problem in result.wrong] == ["f.csv row 3", "f.csv row 4"]
    assert not result.said


@pytest.mark.parametrize(("label", "meant"), [("card_arival", "card_arrival"), ("Fees", "fees"), ("refunds", "")])
def test_an_almost_known_label_is_taken_and_asked_about_and_a_new_one_is_welcome(intents, label, meant):
    result = heard(intents, Remark(Source("[0]"), "label", label, row={"text": "hello"}))
    assert result.said[0].value == label
    assert [meant in doubt.mend for doubt in result.doubts] == [True] * bool(meant)


def test_several_labels_are_a_list_where_the_task_has_several():
    task = TextClassification(TextClassification.Options(multi_label=True), {"labels": ["a", "b"]})
    result = heard(task, *(Remark(Source("x"), "label", value, row={"text": "t"}) for value in (["a", "b"], "a|b", [])))
    assert [said.value for said in result.said] == [["a", "b"], ["a", "b"], []]


def test_spans_and_tags_are_kept_as_spans_of_the_text(names):
    of_text = Remark(Source("x"), "label", [{"start": 0, "end": 4, "label": "PER"}], row={"text": "Anna ran."})
    of_words = Remark(Source("x"), "label", ["B-PER", "O", "O"], row={"words": ["Anna", "ran", "."]})
    said = heard(names, of_text, of_words).said
    assert said[0].value == [{"start": 0, "end": 4, "label": "PER"}] == said[1].value


def test_a_span_outside_its_text_is_asked_about(names):
    answer = asked("Anna")
    result = heard(
        names, Remark(Source("[3]"), "label", [{"start": 90, "end": 95, "label": "PER"}], asked=answer.id),
        answers=[answer],
    )  # fmt: skip
    assert "outside the text" in result.doubts[0].what and "[3]" in result.doubts[0].where


def test_personal_data_in_rows_and_comments_is_blanked_and_the_key_is_that_of_the_original():
    text = "My card is 4111 1111 1111 1111"
    remarks = [Remark(Source("x"), "label", "cards", row={"text": text})]
    remarks.append(Remark(Source("x"), "text", "call +49 151 23456789", row={"text": text}))
    first, second = heard(KeywordTask(), *remarks).said
    assert first.row == {"text": "My card is 0000 0000 0000 0000"} and first.key == content_key(text)
    assert second.value == "call +00 000 00000000"
    assert heard(KeywordTask(), *remarks, redact=False).said[0].row == {"text": text}


def test_an_answer_whose_row_was_not_kept_can_still_be_corrected(intents):
    bare = replace(asked("secret"), row={}, key="")
    (said,) = heard(intents, Remark(Source("x"), "label", "fees", asked=bare.id), answers=[bare]).said
    assert (said.row, said.key, said.value) == ({}, "", "fees")
