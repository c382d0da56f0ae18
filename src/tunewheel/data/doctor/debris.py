"""Texts that went through the wrong encoding, and the way back where it is certain."""

from __future__ import annotations

import re

# What remains of UTF-8 read as cp1252 ("Ã©", "â€™", "ï»¿"), of bytes replaced twice (锟斤拷, 烫烫烫) and of lost ones.
_UTF8_AS_1252 = re.compile(
    "[ÂÃÐÑÎÏ][\u0080-\u00bf\u0152-\u0178\u2013-\u2122]|â[€‚„†‡ˆ‰Š‹Œ\u0080-\u009f]|ï»¿|[äåæçèé][\u0080-\u00bf\u0152-\u0178\u2013-\u2122]{2}|ð[Ÿ\u009f]"
)
_LOST = re.compile("\ufffd|锟斤拷|锟斤|斤拷锟|(?:烫){3,}|(?:屯){3,}")
_CHINESE_ONLY = re.compile("[\x00-\x7f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2014\u2018-\u201d\u2026]*")
_HAN = re.compile("[\u4e00-\u9fff]")
_MOST_ROUNDS = 3


def is_debris(text: str) -> bool:
    """Whether a text shows the marks of a wrong encoding."""
    return not text.isascii() and bool(_LOST.search(text) or _UTF8_AS_1252.search(text) or mended(text) != text)


def mended(text: str) -> str:
    """The text before it was read in the wrong encoding; unchanged unless the way back is certain.

    Certain: the characters are bytes of cp1252 (or GB18030) that together are valid UTF-8, which chance does
    not produce. Undoes up to three rounds.
    """
    for _ in range(_MOST_ROUNDS):
        before = None if text.isascii() else (_from_1252(text) or _from_gb18030(text))
        if before is None:
            return text
        text = before
    return text


def _from_1252(text: str) -> str | None:
    if not _UTF8_AS_1252.search(text):
        return None
    try:
        return b"".join(_byte(character) for character in text).decode("utf-8").removeprefix("\ufeff")
    except UnicodeError:
        return None


def _byte(character: str) -> bytes:
    """The cp1252 byte of a character; the five bytes without one are read as control characters by most programs."""
    return bytes([ord(character)]) if "\x80" <= character <= "\x9f" else character.encode("cp1252")


def _from_gb18030(text: str) -> str | None:
    """UTF-8 read as GB18030 ("浣犲ソ" for "你好"): only when Chinese comes out, two characters or more."""
    try:
        before = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return None
    return before if len(_HAN.findall(before)) >= 2 and _CHINESE_ONLY.fullmatch(before) else None
