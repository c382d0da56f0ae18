import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tunewheel.errors import DataError, ModelDamaged
from tunewheel.models.images.decode import MOST_PIXELS, decode
from tunewheel.models.images.processor import ImageProcessor, typical
from tunewheel.records import Picture


def picture(image: Image.Image, format: str = "PNG", name: str = "a.png", **options: object) -> Picture:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return Picture(stream.getvalue(), name)


def colour(red: int, green: int, blue: int, size: tuple[int, int] = (6, 4)) -> Image.Image:
    return Image.new("RGB", size, (red, green, blue))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_known_format_is_decoded(format: str) -> None:
    pixels = np.asarray(decode(picture(colour(200, 30, 30), format)).convert("RGB"))
    assert pixels.shape == (4, 6, 3) and np.abs(pixels.astype(int) - (200, 30, 30)).max() <= 6


def test_a_picture_lying_on_its_side_is_turned_up() -> None:
    image = colour(0, 0, 0)
    exif = image.getexif()
    exif[0x0112] = 6
    assert decode(picture(image, "JPEG", exif=exif)).size == (4, 6)


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    assert decode(picture(clear)).getpixel((0, 0)) == (255, 255, 255)
    palette = clear.convert("P")
    assert decode(picture(palette, transparency=palette.getpixel((0, 0)))).getpixel((0, 0)) == (255, 255, 255)


def test_cmyk_and_palette_become_colour() -> None:
    assert decode(picture(Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "JPEG")).mode == "RGB"
    assert decode(picture(colour(9, 99, 199).convert("P"))).mode == "RGB"


def test_sixteen_bit_grey_keeps_its_range() -> None:
    values = np.array([[0, 32768, 65535]], dtype=np.uint16)
    pixels = np.asarray(decode(picture(Image.fromarray(values))))
    np.testing.assert_array_equal(pixels, [[0, 128, 255]])


def test_one_bit_pictures_are_black_and_white() -> None:
    assert decode(picture(Image.new("1", (2, 2), 1))).getpixel((0, 0)) == 255


def test_of_an_animation_the_first_frame_is_read() -> None:
    moving = picture(colour(255, 0, 0), "GIF", save_all=True, append_images=[colour(0, 0, 255)])
    assert decode(moving).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    side = int(MOST_PIXELS**0.5) + 1
    bomb = picture(Image.new("1", (side, side)), name="bomb.png")
    assert len(bomb.data) < 100_000
    with pytest.raises(DataError, match=r"bomb\.png: the picture has"):
        decode(bomb)


def test_a_claim_of_billions_of_pixels_is_refused() -> None:
    data = bytearray(picture(colour(0, 0, 0)).data)
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(DataError, match="picture"):
        decode(Picture(bytes(data), "a.png"))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"])
def test_what_is_no_picture_is_named(data: bytes) -> None:
    with pytest.raises(DataError, match=r"x\.png: .*Known: PNG, JPEG"):
        decode(Picture(data, "x.png"))


def test_every_cut_picture_ends_in_a_sentence() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8))
    for format in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        data = picture(noise, format).data
        for share in (0.02, 0.3, 0.9):
            with warnings.catch_warnings(), pytest.raises(DataError):
                decode(Picture(data[: int(len(data) * share)], "cut"))


def test_a_batch_is_dense_bytes_of_one_size() -> None:
    batch = ImageProcessor(8).encode([picture(colour(250, 0, 0)), picture(colour(0, 0, 250, (30, 30)))])
    assert batch["pixels"].shape == (2, 3, 8, 8) and batch["pixels"].dtype == np.uint8
    assert batch["pixels"][0, :, 4, 4].tolist() == [250, 0, 0] and len(batch.select([1])) == 1


def test_grey_pictures_have_one_channel() -> None:
    grey = ImageProcessor(8).fitted(12, grey=True)
    assert grey.encode([picture(colour(90, 90, 90))])["pixels"].shape == (1, 1, 12, 12)
    assert grey.encode([])["pixels"].shape == (0, 1, 12, 12)


def test_all_bad_pictures_are_named_together() -> None:
    contents = [Picture(b"x", "one"), picture(colour(0, 0, 0)), Picture(b"y", "three")]
    with pytest.raises(DataError) as caught:
        ImageProcessor(8).encode(contents)
    assert [problem.where for problem in caught.value.problems] == ["one", "three"]


def test_the_size_stays_within_the_limits_of_the_body() -> None:
    processor = ImageProcessor(128, smallest=64, largest=160)
    assert [processor.fitted(side, False).size for side in (28, 100, 1000)] == [64, 100, 160]


def test_a_processor_is_saved_and_loaded(tmp_path: Path) -> None:
    processor = ImageProcessor(28, smallest=16, largest=48, grey=True, resample="box")
    processor.save(tmp_path)
    assert ImageProcessor.load(tmp_path) == processor


@pytest.mark.parametrize("text", ["", "[]", '{"side": 3}', '{"size": 4096}', '{"size": 8, "resample": "magic"}'])
def test_damaged_settings_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "processor.json").write_text(text)
    with pytest.raises(ModelDamaged, match=r"processor\.json"):
        ImageProcessor.load(tmp_path)


def test_the_typical_side_and_colour_of_pictures() -> None:
    greys = [picture(colour(n, n, n, (30 + n, 20 + n))) for n in (0, 2, 9)]
    assert typical(greys) == (22, True)
    assert typical([*greys, picture(colour(200, 0, 0, (22, 40)))]) == (22, False)
