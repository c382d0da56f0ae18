"""Languages, scripts and the profile of rows."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from tunewheel.data.language import language, languages, script
from tunewheel.data.profile import capitalised, profile
from tunewheel.records import Example, Picture, Words


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What is the limit of my card, and how can I change it?", "en"),
        ("Ich habe das nicht gekauft und es ist kaputt", "de"),
        ("Je ne suis pas content de ce produit et la livraison est en retard", "fr"),
        ("No me gusta el producto pero la entrega es muy buena", "es"),
        ("这个 iPhone 很好用 really", "zh"),
        ("今日は天気がいいですね", "ja"),
        ("한국어 문장입니다", "ko"),
        ("Привет, мир", "ru"),
        ("مرحبا بالعالم", "ar"),
        ("refund pls", "und"),
        ("😀 :) 123", "und"),
        ("", "und"),
        ("请看 https://example.com/the/and/is/of/long/address", "zh"),
    ],
)
def test_the_language_of_a_text(text: str, code: str) -> None:
    assert language(text) == code


def test_short_latin_texts_vote_together() -> None:
    told = languages(["where is it", "the card", "the app", "my fee"])
    assert (told.main, told.codes) == ("en", ("und",) * 4)


def test_latin_script_in_no_known_language_is_other() -> None:
    polish = "proszę sprawdzić mój rachunek bankowy ponieważ brakuje tam pieniędzy od wczoraj wieczorem"
    assert languages([polish[i % 40 :] for i in range(60)]).main == "other"


def test_scripts_are_told_apart() -> None:
    assert [script(text) for text in ("abc", "漢字", "かな", "123", "שלום")] == [
        "latin",
        "han",
        "kana",
        "none",
        "hebrew",
    ]


def test_capitals_count_inside_sentences_only() -> None:
    assert capitalised(["The dog ran. A cat slept."]) == 0
    assert capitalised(["Yesterday Anna met Bob"]) == pytest.approx(2 / 3)
    assert capitalised(["王芳"]) == 0


def test_a_profile_is_plain_json() -> None:
    examples = [Example("The card is late", "late"), Example("Is the fee on my card?", "fee"), Example("卡 😀", None)]
    found = profile(examples)
    assert json.loads(json.dumps(found)) == found
    assert found["rows"] == 3 and found["unlabelled"] == 1
    assert found["labels"] == {"fee": 1, "late": 1}
    assert found["characters"]["1"] == 22
    assert found["emoji"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["scripts"] == {"latin": pytest.approx(2 / 3, abs=1e-3), "han": pytest.approx(1 / 3, abs=1e-3)}


def test_entities_are_counted_and_not_their_words() -> None:
    sentence = Words("New York and Rome", ((0, 3), (4, 8), (9, 12), (13, 17)))
    assert profile([Example(sentence, ("B-LOC", "I-LOC", "O", "B-LOC"))])["labels"] == {"LOC": 2}


def test_pictures_have_sizes() -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 20)).save(file, "PNG")
    found = profile([Example(Picture(file.getvalue()), "a"), Example(Picture(b"no"), "a")])
    assert (found["width"]["0.5"], found["height"]["0.5"], found["unreadable"]) == (40, 20, 1)


def test_no_rows_have_a_profile_too() -> None:
    assert profile([]) == {"rows": 0, "unlabelled": 0, "labels": {}}
