"""Which language a text is in: by script, and by common words where the script is Latin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SCRIPTS = {
    "han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef]"),
    "kana": re.compile("[\u3040-\u30ff]"),
    "hangul": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "thai": re.compile("[\u0e00-\u0e7f]"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f]"),
}
# A Chinese character says about as much as this many Latin letters.
_WEIGHT = {"han": 3, "kana": 2, "hangul": 2}
_LANGUAGE_OF = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "cyrillic": "ru",
    "arabic": "ar",
    "hebrew": "he",
    "greek": "el",
    "devanagari": "hi",
    "thai": "th",
}
# Addresses, mentions and markup are in no language.
_NOT_PROSE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|&\w+;|<[^>]*>")
_LETTER = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_COMMON_WORDS = {
    "en": "the and is are was were of to in it that this you my not for with have be on at i can what how do your an",
    "de": "der die das und ist nicht ich ein eine zu mit sie es auf den dem wie wir für von auch war sind wird im",
    "fr": "le la les et est pas je un une des que pour dans vous qui avec sur ce il au du nous mon très mais",
    "es": "el la los las y es no que un una de en por con para mi lo se muy pero su está como más del",
    "it": "il la che di e non un una per sono è con mi del della questo ma più le gli come anche molto",
    "pt": "os as não que um uma de em por com para eu é do da muito mas no na se meu minha você",
    "nl": "de het een niet van ik dat met voor zijn er maar aan ook wat heb mijn naar nog",
}
_VOTES: dict[str, tuple[str, ...]] = {
    word: tuple(code for code, words in _COMMON_WORDS.items() if word in words.split())
    for words in _COMMON_WORDS.values()
    for word in words.split()
}
UNKNOWN, OTHER = "und", "other"
LATIN_LANGUAGES = (*_COMMON_WORDS, UNKNOWN, OTHER)
# A running text of a language has at least this share of its common words; below it, it is in none that we know.
_COMMON_SHARE = 0.08
_ENOUGH_WORDS = 200


@dataclass(frozen=True)
class Languages:
    """`main`: the language of most texts (all Latin texts vote together), "other" when it is Latin script in none
    we know; `codes`: the language of each text; `scripts`: the script of each."""

    main: str
    codes: tuple[str, ...]
    scripts: tuple[str, ...]


def script(text: str) -> str:
    """The script that carries most of the text ("han", "latin", ...); "none" when there are no letters."""
    if text.isascii():
        return "latin" if _LETTER.search(text) else "none"
    counts = {name: len(pattern.findall(text)) * _WEIGHT.get(name, 1) for name, pattern in _SCRIPTS.items()}
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        return "none"
    if best in ("han", "kana"):
        return "kana" if counts["kana"] * 8 > counts["han"] else "han"
    return best


def language(text: str) -> str:
    """ISO 639-1 code, or "und" where it cannot be told: too short, or without letters.

    zh, ja, ko, ru (any Cyrillic), ar, he, el, hi and th are told by script; en, de, fr, es, it, pt and nl need
    three different common words of the language and half as many again as of any other.
    """
    return languages([text]).codes[0]


def languages(texts: Iterable[str]) -> Languages:
    """The language and script of each text and of all together."""
    votes: Counter[str] = Counter()
    codes, scripts, words = [], [], 0
    for text in texts:
        prose = _NOT_PROSE.sub(" ", text)
        scripts.append(script(prose))
        if scripts[-1] == "latin":
            found = set(_WORD.findall(prose.lower()))
            mine = Counter(code for word in found for code in _VOTES.get(word, ()))
            votes.update(mine)
            words += len(found)
            codes.append(_winner(mine))
        else:
            codes.append(_LANGUAGE_OF.get(scripts[-1], UNKNOWN))
    return Languages(_main(scripts, votes, words), tuple(codes), tuple(scripts))


def _main(scripts: Sequence[str], votes: Counter[str], words: int) -> str:
    counts = Counter(name for name in scripts if name != "none")
    written = max(counts, key=lambda name: counts[name], default="none")
    if written != "latin":
        return _LANGUAGE_OF.get(written, UNKNOWN)
    best = _winner(votes)
    if words >= _ENOUGH_WORDS and votes[best] < _COMMON_SHARE * words:
        return OTHER
    return best


def _winner(votes: Counter[str]) -> str:
    (first, most), (_, second) = [*votes.most_common(2), (UNKNOWN, 0), (UNKNOWN, 0)][:2]
    return first if most >= 3 and most >= 1.5 * second else UNKNOWN
