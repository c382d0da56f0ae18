"""The doctor on rows and labels: empty, missing, repeated, contradictory, rare, uneven, misspelt."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tunewheel.data.doctor import Finding, examine
from tunewheel.errors import Problem
from tunewheel.records import Example, Source, Words


def rows(*pairs: tuple[str, object]) -> list[Example]:
    """Examples of texts and targets, in a file whose first row is number 2."""
    return [Example(text, target, Source("a.csv", number)) for number, (text, target) in enumerate(pairs, 2)]


def sound(count: int = 40) -> list[tuple[str, object]]:
    subjects = ["card", "refund", "limit", "password", "courier", "parcel", "invoice"]
    asked = ["Where is", "Who can change", "I never got", "Please cancel", "How do I pay for"]
    return [(f"{asked[i % 5]} the {subjects[i % 7]}, {hex(i * 7919**3)}?", "ab"[i % 2]) for i in range(count)]


def found(
    examples: Sequence[Example], task: str = "text_classification", problems: Sequence[Problem] = ()
) -> dict[str, Finding]:
    diagnosis = examine(examples, task=task, problems=problems, probe=False)
    return {finding.kind: finding for finding in diagnosis.findings}


def test_a_sound_file_has_no_findings() -> None:
    diagnosis = examine(rows(*sound()), task="text_classification")
    assert diagnosis.findings == ()
    assert diagnosis.summary() == "a.csv: 40 rows, 2 labels; no findings."


def test_no_rows_at_all_is_an_error_that_names_the_broken_ones() -> None:
    diagnosis = examine([], task="text_classification", problems=[Problem("has 3 fields, not 2.", "a.csv row 7")])
    assert [finding.kind for finding in diagnosis.findings] == ["no-rows", "broken-rows"]
    assert diagnosis.errors == diagnosis.findings[:1]


def test_broken_rows_of_the_file_are_passed_on_with_their_numbers() -> None:
    finding = found(rows(*sound()), problems=[Problem("has 3 fields, not 2.", "a.csv row 17")])["broken-rows"]
    assert finding.rows == (17,)
    assert finding.details == ("a.csv row 17: has 3 fields, not 2.",)


def test_empty_and_blank_texts_are_found_and_fixed() -> None:
    finding = found(rows(*sound(), ("", "a"), (" \u3000\n", "b")))["empty"]
    assert (finding.rows, finding.fix, finding.severity) == ((42, 43), True, "warning")
    assert finding.command == "tunewheel check a.csv --fix a.clean.csv"


def test_a_sentence_without_words_is_empty() -> None:
    examples = [
        Example(Words("", ()), (), Source("a.conll", 3)),
        Example(Words("Hi", ((0, 2),)), ("O",), Source("", 4)),
    ]
    assert found(examples, "token_classification")["empty"].rows == (3,)


def test_punctuation_only_is_noted_but_emoticons_are_not() -> None:
    assert found(rows(*sound(), ("?!...", "a"), ("😀", "a"), (":)", "b")))["no-words"].rows == (42,)


def test_missing_labels_are_a_warning_and_no_label_at_all_an_error() -> None:
    assert found(rows(*sound(), ("Where is it then?", None)))["missing-labels"].rows == (42,)
    finding = found(rows(("one", None), ("two", "")))["no-labels"]
    assert (finding.severity, finding.command) == ("error", "tunewheel tune a.csv --label COLUMN")


def test_only_copies_with_the_same_label_are_duplicates() -> None:
    kinds = found(rows(*sound(), ("Same  text", "a"), ("Same text ", "a"), ("same text!", "a")))
    assert kinds["duplicates"].rows == (43,)
    assert kinds["near-duplicates"].rows == (44,)


def test_one_text_with_two_labels_is_a_conflict_and_no_duplicate() -> None:
    kinds = found(rows(*sound(), ("Same text", "a"), ("same text", "b"), ("Same text", "a")))
    assert kinds["conflicts"].rows == (42, 43, 44)
    assert "'a' (row 42), 'b' (row 43)" in kinds["conflicts"].details[0]
    assert "duplicates" not in kinds


def test_the_order_of_several_labels_is_no_conflict() -> None:
    assert "conflicts" not in found(rows(*sound(), ("Same text", ("x", "y")), ("Same text", ("y", "x"))))


def test_labels_that_differ_by_case_and_space_are_variants_and_no_conflict() -> None:
    kinds = found(
        rows(
            *[(text, f"label {label}") for text, label in sound()], ("Same text", "label a"), ("Same text", " Label_A ")
        )
    )
    assert kinds["label-variants"].rows == (43,)
    assert kinds["label-variants"].details == ("' Label_A ' (1 row) means 'label a'",)
    assert "conflicts" not in kinds
    assert kinds["duplicates"].rows == (43,)


def test_signs_in_labels_are_no_variants() -> None:
    assert "label-variants" not in found(rows(*[(text, "+1" if label == "a" else "-1") for text, label in sound()]))


def test_labels_read_as_decimals_are_noted() -> None:
    assert "decimal-labels" in found(rows(*[(text, "1.0" if label == "a" else "0.0") for text, label in sound()]))


def test_one_class_is_an_error() -> None:
    finding = found(rows(*[(text, "a") for text, _ in sound()]))["one-class"]
    assert (finding.severity, finding.count, len(finding.rows)) == ("error", 40, 20)


@pytest.mark.parametrize(("label", "says"), [("{}.25", "measurements"), ("id-{}", "identifiers")])
def test_labels_that_are_no_classes_are_an_error(label: str, says: str) -> None:
    finding = found(rows(*[(text, label.format(i)) for i, (text, _) in enumerate(sound())]))["not-classes"]
    assert finding.severity == "error"
    assert says in finding.message


def test_rare_classes_are_named_with_their_rows() -> None:
    finding = found(rows(*sound(), ("A strange thing", "rare")))["rare-classes"]
    assert "'rare' 1" in finding.message
    assert finding.rows == (42,)


def test_uneven_classes_are_a_warning_when_nearly_all_rows_are_of_one() -> None:
    labelled = [(text, "b" if i < 12 else "a") for i, (text, _) in enumerate(sound(120))]
    finding = found(rows(*labelled))["imbalance"]
    assert "'a' has 108 rows (90%)" in finding.message
    assert finding.severity == "warning"


def test_uneven_entities_are_no_rows_and_get_no_setting_that_their_task_lacks() -> None:
    tags = [("B-PER", "O")] * 60 + [("B-LOC", "O")] * 2
    examples = [Example(Words(f"Nr{i} a", ((0, 3), (4, 5))), each, Source("a.conll", i)) for i, each in enumerate(tags)]
    finding = found(examples, "token_classification")["imbalance"]
    assert "'PER' has 60 entities" in finding.message
    assert finding.command == "Label more rows with 'LOC' in a.conll."


@pytest.mark.parametrize("word", ["nan", "NULL", "N/A", "None", " #N/A "])
def test_a_word_for_nothing_among_other_labels_is_a_warning(word: str) -> None:
    finding = found(rows(*sound(), *[(f"text {i} of the day", word) for i in range(12)]))["labels-for-nothing"]
    assert (finding.severity, finding.count, finding.rows[0]) == ("warning", 12, 42)
    assert repr(word) in finding.message and "a.csv" in finding.command


def test_labels_that_only_begin_like_nothing_are_labels() -> None:
    labels = {"a": "nonesuch", "b": "nano"}
    assert "labels-for-nothing" not in found(rows(*[(text, labels[str(label)]) for text, label in sound()]))


def test_commands_name_the_file_as_the_user_did_and_sentences_by_its_short_name() -> None:
    source = "my data/a.csv"
    examples = [
        Example(text, label, Source("a.csv", number, source))
        for number, (text, label) in enumerate([*sound(), ("", "a"), ("Same text", "a"), ("Same text", "a")], 2)
    ]
    diagnosis = examine(examples, task="text_classification", probe=False)
    assert diagnosis.headline.startswith("a.csv: 43 rows")
    wanted = "tunewheel check 'my data/a.csv' --fix 'my data/a.clean.csv'"
    assert {finding.kind: finding.command for finding in diagnosis.findings} == {"empty": wanted, "duplicates": wanted}


def test_findings_come_worst_first_and_say_rows_and_command() -> None:
    diagnosis = examine(rows(*sound(), ("", "a"), ("?", "b"), ("é", None)), task="text_classification", probe=False)
    assert [finding.severity for finding in diagnosis.findings] == ["warning", "warning", "note"]
    assert all(finding.rows and finding.command for finding in diagnosis.findings)
    assert all(f.command.startswith("tunewheel ") != f.command.endswith(".") for f in diagnosis.findings)
    assert "rows 42\n    -> tunewheel check a.csv --fix a.clean.csv" in diagnosis.summary()
