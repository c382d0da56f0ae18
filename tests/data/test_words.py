"""Words of a text and texts of words: offsets are exact in every script."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tunewheel.data.words import join_words, split_words


def test_letters_and_digits_run_together_and_punctuation_stands_alone():
    assert split_words("Don't panic, it's 42%!").words() == ["Don't", "panic", ",", "it's", "42", "%", "!"]


def test_quotes_around_a_word_are_not_part_of_it():
    assert split_words("'tis 'quoted'").words() == ["'", "tis", "'", "quoted", "'"]


def test_every_chinese_character_is_a_word():
    assert split_words("我在iPhone上看2024年").words() == ["我", "在", "iPhone", "上", "看", "2024", "年"]


def test_korean_is_split_at_its_spaces():
    assert split_words("서울에 살아요.").words() == ["서울에", "살아요", "."]


def test_combining_marks_stay_with_their_letters():
    assert split_words("नमस्ते दुनिया").words() == ["नमस्ते", "दुनिया"]
    assert split_words("cafe\u0301 olé").words() == ["cafe\u0301", "olé"]


def test_an_emoji_of_several_code_points_is_one_word():
    assert split_words("ok 👩‍👩‍👧 ❤️").words() == ["ok", "👩‍👩‍👧", "❤️"]


def test_zero_width_spaces_and_line_separators_are_no_words():
    assert split_words("a\u200bb\u2028c\ufeff").words() == ["a", "b", "c"]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_words_lie_in_order_and_hold_every_letter(text: str):
    words = split_words(text)
    ends = [0, *[end for _, end in words.bounds]]
    assert all(before <= start < end for before, (start, end) in zip(ends, words.bounds, strict=False))
    covered = {place for start, end in words.bounds for place in range(start, end)}
    assert all(place in covered for place, character in enumerate(text) if character.isalnum())


def test_joined_words_have_spaces_between_them_but_not_between_chinese_ones():
    assert join_words(["New", "York", "."]).text == "New York ."
    assert join_words(["北", "京", "，", "New", "York"]).text == "北京， New York"
    assert join_words(["New", "York"], spaces=False).text == "NewYork"


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), max_size=12), st.booleans())
def test_joined_words_are_found_again_at_their_offsets(words: list[str], spaces: bool):
    assert join_words(words, spaces).words() == words


def test_bounds_that_come_again_are_one_object():
    first, second = split_words("New York").bounds, join_words(["Old", "Town"]).bounds
    assert first == second
    assert all(one is other for one, other in zip(first, second, strict=True))
