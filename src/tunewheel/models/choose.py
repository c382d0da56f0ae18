"""Which pre-trained body suits the data and the machine, and why, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .catalogue import CATALOGUE, Entry

# Below this share of capitalised words a text says nothing by its capitals.
FEW_CAPITALS = 0.01
# Another language than English in more than this share of the rows is worth a model that reads it.
SOME_ROWS = 0.05
SMALL_PICTURE = 48
# What a profile says of texts whose language it cannot tell: too short or too mixed, or in none that it knows.
UNTOLD = ("und", "other")


@dataclass(frozen=True, slots=True)
class Choice:
    """A body and one line that says why."""

    entry: Entry
    because: str


def choose(
    profile: Mapping[str, Any], reads: Literal["text", "image"], *, cased_matters: bool = False, memory_mb: int
) -> Choice:
    """The body for data like `profile` on a machine with `memory_mb` of free memory.

    `profile` may say `language` (code of the main one; "und" or "other" where it cannot be told), `languages` (share
    of rows by code), `cased` (share of capitalised words) and `side` (pixels of the shorter side of a typical
    picture). `cased_matters` is true where capitals carry the answer, as in names of people and places.
    """
    wanted = _for_pictures(profile) if reads == "image" else _for_text(profile, cased_matters)
    return wanted if wanted.entry.memory_mb <= memory_mb else _smaller(wanted, reads, memory_mb)


def others(profile: Mapping[str, Any], chosen: Entry) -> list[Entry]:
    """The bodies beside the `chosen` one that read data like `profile`, be there memory for them or not."""
    english = not _foreign(profile) and profile.get("language") not in UNTOLD
    suited = [entry for entry in CATALOGUE.values() if entry.reads == chosen.reads and entry is not chosen]
    return [entry for entry in suited if entry.reads == "image" or english or "*" in entry.languages]


def _for_pictures(profile: Mapping[str, Any]) -> Choice:
    side = int(profile.get("side") or 0)
    if 0 < side <= SMALL_PICTURE:
        because = f"the pictures are small ({side} pixels), and a small network learned from scratch reads those best"
        return Choice(CATALOGUE["small-cnn"], because)
    return Choice(CATALOGUE["efficientnet-lite0"], "it knows photographs from ImageNet and is quick on a CPU")


def _for_text(profile: Mapping[str, Any], cased_matters: bool) -> Choice:
    foreign = _foreign(profile)
    if foreign:
        return Choice(
            CATALOGUE["e5-small"], f"the texts are not all English ({foreign}), and it reads about 100 languages"
        )
    if profile.get("language") in UNTOLD:
        because = "it cannot be told that the texts are English, and it reads about 100 languages"
        return Choice(CATALOGUE["e5-small"], because)
    if cased_matters and float(profile.get("cased", 1.0)) >= FEW_CAPITALS:
        because = "capitals tell names from words, and it reads them; the faster English model does not"
        return Choice(CATALOGUE["e5-small"], because)
    if cased_matters:
        return Choice(CATALOGUE["minilm-l6"], "the texts are English in lower case, so the fastest model loses nothing")
    return Choice(CATALOGUE["minilm-l6"], "the texts are English, and it is the fastest")


def _foreign(profile: Mapping[str, Any]) -> str:
    """The languages other than English that matter, as a list to read; empty when there are none."""
    shares = dict(profile.get("languages") or {})
    shares.setdefault(str(profile.get("language") or "en"), 1.0)
    foreign = [code for code, share in shares.items() if code not in ("en", *UNTOLD) and share > SOME_ROWS]
    return ", ".join(sorted(foreign))


def _smaller(wanted: Choice, reads: str, memory_mb: int) -> Choice:
    """The largest body that fits into memory and reads the same languages, or else the wanted one, with a warning."""
    name = wanted.entry.name
    fitting = [
        entry
        for entry in CATALOGUE.values()
        if entry.reads == reads and entry.memory_mb <= memory_mb and (reads == "image" or _covers(entry, wanted.entry))
    ]
    if fitting:
        entry = max(fitting, key=lambda entry: entry.memory_mb)
        return Choice(entry, f"{name} would suit better but needs about {wanted.entry.memory_mb:,} MB of memory")
    warning = f"though training needs about {wanted.entry.memory_mb:,} MB and {memory_mb:,} MB are free"
    return Choice(wanted.entry, f"{wanted.because}, {warning}")


def _covers(entry: Entry, other: Entry) -> bool:
    return "*" in entry.languages or set(other.languages) <= set(entry.languages)
