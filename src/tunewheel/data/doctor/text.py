"""Texts as such: encoding debris, markup, other languages, and more than the model reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ...records import Example
from ..language import LATIN_LANGUAGES, OTHER, UNKNOWN, Languages, languages
from .debris import is_debris, mended
from .finding import Finding, Severity, counted, file_of, fix_command, quoted, row_numbers

Measure = Callable[[str], int]

_MARKUP = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5}|#x[0-9a-fA-F]{2,5});|</?(?:br|p|div|span|b|i|a|li|ul|td|tr|img)\b[^<>]{0,200}>"
)
_NAMES = {
    "zh": "Chinese", "ja": "Japanese", "ko": "Korean", "ru": "Cyrillic script", "ar": "Arabic", "he": "Hebrew",
    "el": "Greek", "hi": "Devanagari script", "th": "Thai", "en": "English", "de": "German", "fr": "French",
    "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", OTHER: "Latin script",
}  # fmt: skip
MANY_FOREIGN = 0.02


def check_texts(
    examples: Sequence[Example],
    measure: Measure | None = None,
    limit: int | None = None,
    told: Languages | None = None,
) -> list[Finding]:
    """Debris, markup and other languages; with `measure` (tokens or characters of a text) also what exceeds `limit`.
    `told` are the `languages` of the texts, where they are known already."""
    texts = [example.text for example in examples]
    found = [*_debris(examples, texts), *_markup(examples, texts), *_foreign(examples, texts, told or languages(texts))]
    return [*found, *_too_long(examples, texts, measure, limit)] if measure and limit else found


def mendable_rows(examples: Sequence[Example]) -> list[int]:
    """Indices of texts that went through a wrong encoding and can be brought back with certainty."""
    return [i for i, example in enumerate(examples) if mended(example.text) != example.text]


def _debris(examples: Sequence[Example], texts: Sequence[str]) -> Iterator[Finding]:
    damaged = [i for i, text in enumerate(texts) if is_debris(text)]
    sure = [i for i in damaged if mended(texts[i]) != texts[i]]
    lost = [i for i in damaged if mended(texts[i]) == texts[i]]
    file = file_of(examples)
    if sure:
        message = f"{counted(len(sure), 'text was', 'texts were')} saved in the wrong encoding and can be mended."
        details = [
            f"row {examples[i].source.row}: {quoted(texts[i])} was {quoted(mended(texts[i]))}" for i in sure[:20]
        ]
        rows, command = row_numbers(examples, sure), fix_command(examples)
        yield Finding.about("mojibake", "warning", message, rows, command=command, fix=True, details=details)
    if lost:
        message = f"{counted(len(lost), 'text holds', 'texts hold')} characters lost in a wrong encoding."
        details = [f"row {examples[i].source.row}: {quoted(texts[i])}" for i in lost[:20]]
        command = f"Export {file} again as UTF-8 from where it came."
        rows = row_numbers(examples, lost)
        yield Finding.about("lost-characters", "warning", message, rows, command=command, details=details)


def _markup(examples: Sequence[Example], texts: Sequence[str]) -> Iterator[Finding]:
    marked = [(i, match[0]) for i, text in enumerate(texts) if (match := _MARKUP.search(text))]
    if marked:
        seen = ", ".join(sorted({mark for _, mark in marked}, key=lambda mark: (len(mark), mark))[:4])
        message = f"{counted(len(marked), 'text holds', 'texts hold')} left-over markup ({seen})."
        command = f"Unescape or strip it in {file_of(examples)}, unless requests will hold it too."
        yield Finding.about("markup", "note", message, row_numbers(examples, [i for i, _ in marked]), command=command)


def _foreign(examples: Sequence[Example], texts: Sequence[str], told: Languages) -> Iterator[Finding]:
    main, codes = told.main, told.codes
    foreign = [i for i, code in enumerate(codes) if _differs(code, main)]
    if foreign:
        seen = sorted({codes[i] for i in foreign}, key=lambda code: -codes.count(code))[:4]
        others = ", ".join(_NAMES[code] for code in seen)
        are = counted(len(foreign), "text is", "texts are")
        message = f"{are} in another language ({others}) than most ({_NAMES[main]})."
        severity: Severity = "warning" if len(foreign) >= MANY_FOREIGN * len(texts) else "note"
        details = [f"row {examples[i].source.row} ({codes[i]}): {quoted(texts[i])}" for i in foreign[:20]]
        command = f"Tune {file_of(examples)} with --model NAME, one that reads them (tunewheel models lists them)."
        rows = row_numbers(examples, foreign)
        yield Finding.about("mixed-languages", severity, message, rows, command=command, details=details)


def _differs(code: str, main: str) -> bool:
    """Whether a text is surely in another language than `main`."""
    sure = UNKNOWN not in (code, main) and code != main
    return sure and not (main == OTHER and code in LATIN_LANGUAGES)


def _too_long(examples: Sequence[Example], texts: Sequence[str], measure: Measure, limit: int) -> Iterator[Finding]:
    lengths = [measure(text) for text in texts]
    long = [i for i, length in enumerate(lengths) if length > limit]
    if long:
        lost = sum(lengths[i] - limit for i in long) / sum(lengths)
        are = counted(len(long), "text is", "texts are")
        message = (
            f"{are} longer than the {limit:,} the model reads at once (longest {max(lengths):,}); "
            f"{lost:.1%} of all text would be cut without overlapping windows."
        )
        severity: Severity = "warning" if lost >= 0.01 else "note"
        command = f"Shorten them in {file_of(examples)}, or leave them: they are read in overlapping windows."
        yield Finding.about("too-long", severity, message, row_numbers(examples, long), command=command)
