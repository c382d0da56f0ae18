import base64

import pytest

from tunewheel.feedback.kept import answer_of, is_sampled, plain_row, without_private
from tunewheel.feedback.options import JournalOptions


def test_a_share_is_chosen_by_the_id_alone_and_grows_with_the_share():
    ids = [f"id-{n}" for n in range(4_000)]
    chosen = {share: {one for one in ids if is_sampled(one, share)} for share in (0.0, 0.1, 0.5, 1.0)}
    assert not chosen[0.0] and chosen[1.0] == set(ids)
    assert chosen[0.1] < chosen[0.5]
    assert 320 <= len(chosen[0.1]) <= 480 and 1_850 <= len(chosen[0.5]) <= 2_150


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mail anna.b@web.de now", "mail xxxx.x@xxx.xx now"),
        ("电话13812345678，谢谢", "电话00000000000，谢谢"),
        ("身份证11010519491231002X。", "身份证00000000000000000x。"),
        ("card 4111-1111-1111-1111", "card 0000-0000-0000-0000"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN xx00 0000 0000 0000 0000 00"),
        ("order 4111111111111112 of 2024-01-31 at 3 pm", "order 4111111111111112 of 2024-01-31 at 3 pm"),
    ],
)
def test_personal_data_is_blanked_and_nothing_moves(text, kept):
    assert without_private(text) == kept
    assert len(kept) == len(text)
    assert without_private(kept) == kept


def test_a_number_that_stands_in_several_words_is_found():
    assert without_private(["call", "+49", "151", "23456789", "!"]) == ["call", "+00", "000", "00000000", "!"]


def test_pictures_are_base64_up_to_a_size():
    options = JournalOptions(picture_bytes=4)
    assert plain_row({"image": b"1234"}, options) == {"image": base64.b64encode(b"1234").decode()}
    assert plain_row({"image": b"12345"}, options) == {}


def test_an_answer_is_kept_as_its_label_column_would_hold_it():
    entity = {"start": 0, "end": 4, "text": "Anna", "label": "PER", "confidence": 0.9}
    assert answer_of({"entities": [entity]}) == [{"start": 0, "end": 4, "label": "PER"}]
    assert answer_of({"labels": ["a"]}) == ["a"] and answer_of({"label": "a"}) == "a"
