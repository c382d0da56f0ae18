"""Personal data in texts: addresses, phone, card, identity and account numbers. Shown masked only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from ...records import Example
from .finding import Finding, counted, file_of, row_numbers

_SHOWN_SAMPLES = 5


def check_private(examples: Sequence[Example]) -> list[Finding]:
    """One warning a kind of personal data, with masked samples."""
    return [finding for kind, finder in _FINDERS.items() for finding in _found(examples, kind, finder)]


def _found(examples: Sequence[Example], kind: str, finder: Callable[[str], list[str]]) -> Iterator[Finding]:
    hits = [(i, matches) for i, example in enumerate(examples) if (matches := finder(example.text))]
    if hits:
        samples = list(dict.fromkeys(masked(match) for _, matches in hits for match in matches))
        total = sum(len(matches) for _, matches in hits)
        rows = row_numbers(examples, [i for i, _ in hits])
        message = f"{counted(total, _NAMES[kind][0], _NAMES[kind][1])} in {counted(len(hits), 'row')}: personal data."
        command = f"Replace them in {file_of(examples)} (for example by <{kind}>) before you share data or model."
        details = [f"like {sample}" for sample in samples[:_SHOWN_SAMPLES]]
        yield Finding.about(f"private-{kind}", "warning", message, rows, command=command, details=details)


def masked(text: str) -> str:
    """Only the outermost characters; enough to find it in the row, too little to use it."""
    shown = 2 if len(text) > 8 else 1
    return text[:shown] + "•" * (len(text) - 2 * shown) + text[-shown:]


_NAMES = {
    "email": ("e-mail address", "e-mail addresses"),
    "phone": ("phone number", "phone numbers"),
    "card": ("payment card number", "payment card numbers"),
    "identity": ("Chinese identity number", "Chinese identity numbers"),
    "iban": ("bank account number (IBAN)", "bank account numbers (IBAN)"),
}
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![\w-])", re.ASCII)
_PHONE = re.compile(
    r"(?<![\d+])(?:"
    r"\+\d{1,3}(?:[ .()/-]{0,2}\d){7,12}"  # international
    r"|1[3-9]\d[ -]?\d{4}[ -]?\d{4}"  # Chinese mobile
    r"|0\d{2,3}-\d{7,8}"  # Chinese landline
    r"|(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}"  # North America
    r")(?!\d)"
)
_CARD = re.compile(r"(?<![\d.-])[3-6]\d{3}(?:[ -]?\d){9,15}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\w)", re.ASCII)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)", re.ASCII)


def _emails(text: str) -> list[str]:
    return _EMAIL.findall(text) if "@" in text else []


def _phones(text: str) -> list[str]:
    return [match[0] for match in _PHONE.finditer(text)]


def _cards(text: str) -> list[str]:
    found = [match[0] for match in _CARD.finditer(text)]
    return [number for number in found if is_card(number) and not is_identity(number)]


def _identities(text: str) -> list[str]:
    return [match[0] for match in _IDENTITY.finditer(text) if is_identity(match[0])]


def _ibans(text: str) -> list[str]:
    return [match[0] for match in _IBAN.finditer(text) if is_iban(match[0])]


_FINDERS: dict[str, Callable[[str], list[str]]] = {
    "email": _emails,
    "phone": _phones,
    "card": _cards,
    "identity": _identities,
    "iban": _ibans,
}


# The surest kinds first: a number that is of one kind is then none of another.
_REDACTED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (_EMAIL, lambda _: True),
    (_IDENTITY, lambda found: is_identity(found)),
    (_IBAN, lambda found: is_iban(found)),
    (_CARD, lambda found: is_card(found)),
    (_PHONE, lambda _: True),
)
_DIGIT = re.compile(r"\d")
# No number that tells of a person has fewer digits; most texts need no closer look.
_FEWEST_DIGITS = 8


def redacted(text: str) -> str:
    """The text with the letters of personal data as x and the digits as 0.

    Its length stays, and so do its words and the places of what was marked in it.
    """
    if "@" not in text and len(_DIGIT.findall(text)) < _FEWEST_DIGITS:
        return text
    for pattern, holds in _REDACTED:
        for found in pattern.finditer(text):  # what is found keeps its place: nothing grows or shrinks
            if holds(found[0]):
                text = text[: found.start()] + _blank(found[0]) + text[found.end() :]
    return text


def _blank(text: str) -> str:
    return "".join("0" if sign.isdigit() else "x" if sign.isalpha() else sign for sign in text)


def is_card(number: str) -> bool:
    """Luhn check (ISO/IEC 7812-1) of a number of 13 to 19 digits, spaces and hyphens allowed."""
    digits = [int(character) for character in number if character.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_identity(number: str) -> bool:
    """Check digit (GB 11643-1999, ISO 7064 MOD 11-2) and birthday of an 18-digit Chinese identity number."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def is_iban(number: str) -> bool:
    """Check digits (ISO 13616, ISO 7064 MOD 97-10) of an international bank account number."""
    compact = number.replace(" ", "")
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
