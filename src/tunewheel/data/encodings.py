"""Which encoding a text file has: UTF-8, UTF-16, GB18030, Big5 or cp1252, the same answer every time."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import charset_normalizer

from ..errors import ReadError

SAMPLE_BYTES = 256 * 1024
_ASCII_SCAN_BYTES = 64 * 2**20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPOKEN = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 (with BOM)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "utf-32": "UTF-32",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "cp1252": "Windows-1252",
}
# The most frequent characters of modern Chinese in both scripts: about four in ten of any text.
_FREQUENT = frozenset(
    "的一是不了在有人我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "這個們來為國說時會對於著過發後裡經麼學現當沒動還進樣開從實房酒店书很太买差服务质量价格"
)
_MARKED = re.compile("[\udc80-\udcff]")
_ASCII = bytes(range(128))
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_SAVE_AS = "Save the file as UTF-8 text, or name its encoding with --encoding NAME."


def detect(path: Path) -> str:
    """Codec name of a text file, from its first bytes and the first that are not ASCII (256 KB each).

    Raises `ReadError` when the file is not text.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
        for mark, name in _BOMS:
            if sample.startswith(mark):
                return name
        wide = _utf16(sample)
        if wide:
            return wide
        _refuse_binary(sample, path)
        read = len(sample)
        while sample.isascii() and read < _ASCII_SCAN_BYTES:
            following = file.read(SAMPLE_BYTES)
            if not following:
                return "utf-8"
            sample = sample[-1024:] + following
            read += len(following)
    return detect_bytes(sample)


def detect_bytes(sample: bytes) -> str:
    """Codec name of a stretch of text without byte order mark or zero bytes; it may end inside a character."""
    if _utf8_share(sample) >= 0.95:
        return "utf-8"
    scores = {name: _chinese_share(sample, name) for name in ("gb18030", "big5hkscs")}
    best = "big5hkscs" if scores["big5hkscs"] > scores["gb18030"] + 0.1 else "gb18030"
    if scores[best] >= 0.7:
        return best
    return _western_or_other(sample)


def checked(name: str) -> str:
    """The codec a user named; GBK and GB2312 become GB18030, which contains them. Raises `ReadError`."""
    try:
        b"a".decode(name, "replace")
        codecs.getincrementaldecoder(name)
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        listed = "utf-8, utf-16, gb18030, big5, cp1252, latin-1, shift_jis"
        raise ReadError(f"{name!r} is not the name of a text encoding.", mend=f"Common names are {listed}.") from None
    return "gb18030" if found in ("gbk", "gb2312") else found


def spoken(name: str) -> str:
    """The name as people write it."""
    return _SPOKEN.get(name, name)


def _utf8_share(sample: bytes) -> float:
    """Share in [0, 1] of the non-ASCII bytes that are part of valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    text = decoder.decode(sample)
    high = len(sample.translate(None, _ASCII))
    bad = len(_MARKED.findall(text))
    return 1.0 - bad / high if high else 1.0


def _chinese_share(sample: bytes, encoding: str) -> float:
    """Share in [0, 1] of the non-ASCII text that is everyday Chinese when read in `encoding`.

    Both encodings list everyday characters first, so the lead byte tells them from the rare ones that
    other languages' bytes turn into. A longer text must also hold the most frequent characters.
    """
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    characters = [character for character in decoder.decode(sample) if character > "\x7f"]
    if not characters:
        return 0.0
    common = sum(_is_everyday(character, encoding) for character in characters)
    ideographs = [character for character in characters if "\u4e00" <= character <= "\u9fff"]
    if len(ideographs) >= 50 and sum(character in _FREQUENT for character in ideographs) < 0.1 * len(ideographs):
        return 0.0
    return common / len(characters)


def _is_everyday(character: str, encoding: str) -> bool:
    code = character.encode(encoding, "replace")
    if len(code) != 2:
        return False
    lead, trail = code
    if encoding == "gb18030":
        return trail >= 0xA1 and (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3)
    return 0xA1 <= lead <= 0xC6


def _western_or_other(sample: bytes) -> str:
    """Windows-1252 while letters beyond ASCII are the exception; otherwise what charset-normalizer finds."""
    letters = len(sample.translate(None, bytes(byte for byte in range(0xC0) if not chr(byte).isalpha())))
    if len(sample.translate(None, bytes(range(0xC0)))) <= 0.4 * letters:
        return "cp1252"
    guess = charset_normalizer.from_bytes(sample).best()
    return guess.encoding if guess is not None and guess.encoding != "ascii" else "cp1252"


def _utf16(sample: bytes) -> str:
    """The codec of UTF-16 without a byte order mark, or "".

    Line breaks, commas and Latin letters have a zero as their higher byte, always on the same side; text that is
    UTF-8 and holds a few stray zeros must not be taken for it.
    """
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if not (even or odd):
        return ""
    name, share = ("utf-16-le", odd) if odd > even else ("utf-16-be", even)
    if min(even, odd) > 0.02 * share + 1:
        return ""
    if share < 0.3 * len(sample) / 2 and _utf8_share(sample) == 1.0:
        return ""
    text = sample[: len(sample) // 2 * 2].decode(name, "replace")
    usual = sum(_is_usual(character) for character in text)
    return name if usual >= 0.9 * len(text) else ""


def _is_usual(character: str) -> bool:
    return (
        character in "\t\r\n"
        or " " <= character < "\u0600"
        or "\u2010" <= character <= "\u203a"
        or _is_east_asian(character)
    )


def _is_east_asian(character: str) -> bool:
    return "\u3000" <= character <= "\u30ff" or "\u4e00" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def _refuse_binary(sample: bytes, path: Path) -> None:
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > 0.05 * len(sample):
        what = "this is not text: it is full of zero and control bytes. It is a binary file, or damaged UTF-16."
        raise ReadError(what, where=str(path), mend=_SAVE_AS)
