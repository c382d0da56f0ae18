"""The doctor on what texts and pictures hold: debris, languages, lengths, personal data, spans, damaged pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tunewheel.data.doctor import examine
from tunewheel.data.doctor.debris import is_debris, mended
from tunewheel.data.doctor.images import check_images
from tunewheel.data.doctor.leaks import check_leaks
from tunewheel.data.doctor.private import check_private, is_card, is_iban, is_identity, masked
from tunewheel.data.doctor.spans import check_spans
from tunewheel.data.doctor.text import check_texts
from tunewheel.data.spans import align
from tunewheel.data.words import split_words
from tunewheel.errors import Problem
from tunewheel.records import Example, Picture, Source, Span, Words


def rows(*texts: str) -> list[Example]:
    return [Example(text, "a", Source("a.csv", number)) for number, text in enumerate(texts, 2)]


def image(width: int, height: int) -> Picture:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)).save(file, "PNG")
    return Picture(file.getvalue())


@pytest.mark.parametrize(
    "text", ["Café crème", "It’s “fine” – really", "naïve façade 5 €", "你好，世界！", "Привет 😀", "日本語"]
)
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_utf8_read_in_the_wrong_encoding_is_brought_back(text: str, wrong: str) -> None:
    data = text.encode()
    broken = "".join(
        bytes([b]).decode(wrong) if wrong == "latin-1" or b not in b"\x81\x8d\x8f\x90\x9d" else chr(b) for b in data
    )
    assert is_debris(broken)
    assert mended(broken) == text


def test_debris_of_two_rounds_and_of_gb18030_is_brought_back() -> None:
    assert mended("é".encode().decode("cp1252").encode().decode("cp1252") + "!") == "é!"
    assert mended("你好".encode().decode("gb18030")) == "你好"


@pytest.mark.parametrize(
    "text", ["Café", "Ã la carte", "联通", "美丽", "Â", "PÃO", "plain", "", "酒店很好，下次还来", "50 £ – ½"]
)
def test_sound_texts_are_left_alone(text: str) -> None:
    assert mended(text) == text
    assert not is_debris(text)


@pytest.mark.parametrize("text", ["caf\ufffd", "锟斤拷锟斤拷", "价格 Ã© 中"])
def test_what_is_lost_is_reported_and_not_guessed(text: str) -> None:
    assert is_debris(text)
    assert mended(text) == text
    assert [finding.kind for finding in check_texts(rows(text))] == ["lost-characters"]


def test_left_over_markup_is_noted() -> None:
    (finding,) = check_texts(rows("fish &amp; chips", "one<br/>two", "a < b & c > d", "x <3"))
    assert (finding.kind, finding.rows) == ("markup", (2, 3))


def test_rows_in_another_language_are_found() -> None:
    english = [f"What is the fee for the card number {i} and how do I pay it?" for i in range(30)]
    (finding,) = check_texts(
        rows(*english, "我的卡什么时候到？", "Ich habe die Karte nicht bekommen und bin sauer", "refund")
    )
    assert (finding.kind, finding.rows, finding.severity) == ("mixed-languages", (32, 33), "warning")
    assert "Chinese" in finding.message and "German" in finding.message
    assert finding.command == "Tune a.csv with --model NAME, one that reads them (tunewheel models lists them)."


def test_the_share_of_text_beyond_the_limit_is_told() -> None:
    (finding,) = check_texts(rows("abcd " * 10, "abcd"), lambda text: len(text.split()), 5)
    assert finding.rows == (2,)
    assert "45.5% of all text" in finding.message
    assert finding.command == "Shorten them in a.csv, or leave them: they are read in overlapping windows."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to anna.b+news@mail.example.com now", "private-email"),
        ("ring +49 (30) 1234-5678 today", "private-phone"),
        ("(415) 555-0134 is my number", "private-phone"),
        ("手机13812345678，谢谢", "private-phone"),
        ("电话 010-62785001", "private-phone"),
        ("card 4111 1111 1111 1111 was refused", "private-card"),
        ("身份证11010519491231002X", "private-identity"),
        ("pay to DE89 3704 0044 0532 0130 00 please", "private-iban"),
    ],
)
def test_personal_data_are_found_and_shown_masked(text: str, kind: str) -> None:
    (finding,) = check_private(rows("nothing here", text))
    assert (finding.kind, finding.rows, finding.severity) == (kind, (3,), "warning")
    assert all(
        "•" in sample and not any(word in sample for word in ("anna.b", "5678", "1111")) for sample in finding.details
    )


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123456",
        "in 2019-2020",
        "4111 1111 1111 1112",
        "11010519491231002A",
        "DE88370400440532013000",
        "@anna",
        "1.38123456789",
    ],
)
def test_other_numbers_are_not_personal(text: str) -> None:
    assert check_private(rows(text)) == []


def test_check_digits() -> None:
    assert is_card("5500005555555559") and not is_card("5500005555555558") and not is_card("0000000000000000")
    assert is_identity("11010519491231002X") and not is_identity("110105194913310024")
    assert is_iban("GB82WEST12345698765432") and not is_iban("GB83WEST12345698765432")
    assert masked("13812345678") == "13•••••••78"


def test_what_aligning_spans_met_becomes_one_finding_a_kind() -> None:
    text = "Anna lives in Berlin."
    spans = [Span(0, 5, "PER"), Span(14, 99, "LOC"), Span(14, 18, "LOC"), Span(15, 20, "LOC"), Span(3, 3, "PER")]
    met = align(text, split_words(text), spans).problems
    problems = [Problem(p.what, f"a.jsonl row 3: {p.where}", p.mend) for p in met]
    found = {finding.kind: finding for finding in check_spans([], problems)}
    assert {"spans-off-by-one", "spans-outside", "spans-overlapping", "spans-misaligned", "spans-empty"} == set(found)
    assert all(finding.rows == (3,) and finding.details for finding in found.values())


def test_tags_that_break_their_scheme_are_found() -> None:
    words = Words("a b", ((0, 1), (2, 3)))
    tags = [("B-X", "I-X"), ("O", "I-X"), ("B-X", "X?"), ("O", "O")]
    examples = [Example(words, each, Source("a.conll", i)) for i, each in enumerate(tags, 1)]
    found = {finding.kind: finding for finding in check_spans(examples)}
    assert found["tags-orphaned"].rows == (2,)
    assert (found["tags-unknown"].rows, found["tags-unknown"].severity) == ((3,), "error")


def test_iob1_tags_are_no_fault() -> None:
    examples = [Example(Words("a b", ((0, 1), (2, 3))), ("O", "I-X"), Source("a.conll", 1))]
    assert check_spans(examples) == []


def test_test_rows_seen_in_training_are_leaks() -> None:
    letter = "I am still waiting for the new card that was promised to me two weeks ago by your colleague"
    train, test = rows("Where is my card?", letter), rows("Other", "where is my card", letter + "s")
    findings, leaked = check_leaks(train, test, "test")
    assert leaked.tolist() == [1, 2]
    assert findings[0].rows == (3, 4)
    assert "1 the same, 1 nearly" in findings[0].message
    assert findings[0].command == "tunewheel tune a.csv"  # one file, which a column divides


def test_what_mends_a_leak_is_a_command_or_a_sentence() -> None:
    train = rows("Where is my card?", "Other")
    held = [Example("Where is my card?", "a", Source("b.csv", 2, "held/b.csv"))]
    (test,), _ = check_leaks(train, held, "test")
    assert test.command == "tunewheel tune a.csv --test held/b.csv" and "with and without" in test.message
    (validation,), _ = check_leaks(train, held, "validation")
    assert validation.command == "Delete them from held/b.csv." and "with and without" not in validation.message


def test_test_labels_that_train_never_shows_are_named() -> None:
    test = [Example("x", "strange", Source("test.csv", 9))]
    diagnosis = examine(rows(*(f"text {i}" for i in range(9))), task="text_classification", test=test)
    finding = next(each for each in diagnosis.findings if each.kind == "test-labels-unknown")
    assert finding.rows == (9,) and "'strange'" in finding.message


def test_pictures_that_are_damaged_tiny_or_huge_are_found() -> None:
    contents = [image(64, 64), Picture(image(64, 64).data[:200]), Picture(b"no"), image(64, 8), image(4_100, 20)]
    examples = [Example(each, "a", Source("folder", i)) for i, each in enumerate(contents, 1)]
    found = {finding.kind: finding.rows for finding in check_images(examples)}
    assert found == {"unreadable": (2, 3), "tiny": (4,), "huge": (5,)}


def test_one_picture_under_two_labels_is_a_conflict() -> None:
    same = image(32, 32)
    examples = [Example(same, label, Source("folder", i)) for i, label in enumerate("ab", 1)]
    diagnosis = examine(examples, task="image_classification")
    assert any(finding.kind == "conflicts" and finding.rows == (1, 2) for finding in diagnosis.findings)


def test_repeated_pictures_are_named_to_be_deleted_because_no_copy_of_them_can_be_written() -> None:
    data = [image(32 + i, 32).data for i in range(12)]
    shots = [Picture(each, f"{'ab'[i % 2]}/{i}.png") for i, each in enumerate([*data, data[4]])]
    examples = [
        Example(each, ("Cat", "dog")[i % 2] if i else "cat", Source("shop", i + 1, "my/shop"))
        for i, each in enumerate(shots)
    ]
    diagnosis = examine(examples, task="image_classification", probe=False)
    found = {finding.kind: finding for finding in diagnosis.findings}
    repeated = found["duplicates"]
    assert (repeated.fix, repeated.rows) == (False, (13,)) and "a/12.png" in repeated.details[0]
    assert repeated.command == "Delete these pictures from my/shop."
    assert found["label-variants"].command == "Give each class one name in my/shop."
