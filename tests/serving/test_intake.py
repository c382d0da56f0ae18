import base64
import io
import struct

import pytest
from keyword_task import KeywordTask, NamesTask, PictureTask
from PIL import Image

from tunewheel.errors import RequestInvalid, RequestTooLarge
from tunewheel.serving import ServingOptions
from tunewheel.serving.intake import admit

OPTIONS = ServingOptions(max_rows=4, max_characters=10, max_pixels=100)


class ReviewTask(KeywordTask):
    class Options(KeywordTask.Options):
        text: str = "review"


def png(size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("L", size).save(stream, "PNG")
    return stream.getvalue()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_only_the_content_is_kept_under_the_column_that_the_task_reads():
    assert admit([{"text": "a", "label": 7}], ReviewTask(), OPTIONS) == [{"review": "a"}]
    assert admit([{"review": "a", "text": "b"}], ReviewTask(), OPTIONS) == [{"review": "a"}]


def test_words_or_a_text_may_be_sent_to_a_task_of_words():
    assert admit([{"words": ["a", "b"]}, {"text": "a b"}], NamesTask(), OPTIONS) == [
        {"words": ["a", "b"]},
        {"text": "a b"},
    ]


@pytest.mark.parametrize("bad", [5, "", " \n", None, ["a"], {"a": 1}, True, "x" * 11])
def test_a_text_that_is_none_is_refused(bad):
    with pytest.raises(RequestInvalid, match="request row 2"):
        admit([{"text": "fine"}, {"text": bad}], KeywordTask(), OPTIONS)


@pytest.mark.parametrize("bad", [5, "a b", [], ["a", 1], [["a"]], ["a", " "], ["abcdef"] * 2])
def test_words_that_are_none_are_refused(bad):
    with pytest.raises(RequestInvalid):
        admit([{"words": bad}], NamesTask(), OPTIONS)


def test_all_bad_rows_are_named_together():
    with pytest.raises(RequestInvalid) as caught:
        admit([{}, {"text": 1}, {"text": "a"}, {"text": "x" * 99}], KeywordTask(), OPTIONS)
    assert [p.where for p in caught.value.problems] == ["request row 1", "request row 2", "request row 4"]


def test_too_many_rows_are_refused():
    with pytest.raises(RequestTooLarge, match="5 rows"):
        admit([{"text": "a"}] * 5, KeywordTask(), OPTIONS)


def test_a_picture_arrives_as_its_bytes():
    assert admit([{"image": encoded(png((5, 5)))}], PictureTask(), OPTIONS) == [{"image": png((5, 5))}]


def bomb() -> bytes:
    """A picture of a hundred bytes that says it is 60,000 x 60,000."""
    small = bytearray(png((5, 5)))
    small[16:24] = struct.pack(">II", 60_000, 60_000)
    import zlib

    small[29:33] = struct.pack(">I", zlib.crc32(bytes(small[12:29])))
    return bytes(small)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("/etc/passwd", "not base64"),
        ("file.png", "not base64"),
        ("http://127.0.0.1/x.png", "not base64"),
        ("QUJD", "known format"),
        (encoded(png((5, 5))[:20]), "known format"),
        (encoded(png((50, 50))), "2500|50 x 50"),
        (encoded(bomb()), "pixels"),
        (7, "not a string"),
        ({"path": "/etc/passwd"}, "not a string"),
    ],
)
def test_what_is_no_picture_is_refused_before_it_is_decoded(bad, told):
    with pytest.raises(RequestInvalid, match=told):
        admit([{"image": bad}], PictureTask(), OPTIONS)
