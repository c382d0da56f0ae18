"""CoNLL files: one word a line with its tag, blank lines between sentences, the columns in any order."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..tags import detect_scheme, is_tag, to_iob2
from .lines import fault, lines
from .reading import Numbered, Reading

_SAMPLED_LINES = 20_000
_DOCUMENT = "-DOCSTART-"
# Phrase types of the CoNLL-2000 chunking task and of the German CoNLL-2003: tags, too, but not the entities.
_CHUNKS = frozenset((
    "NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP", "PNP", "NC", "VC", "PC",
))  # fmt: skip
_MOSTLY = 0.5
_PREFIXED = re.compile(r"[BIMELSUW]-\S")


@dataclass(frozen=True)
class Layout:
    """What separates the fields of a line (None: spaces or tabs), and which field is the word and which the tag."""

    separator: str | None
    width: int
    word: int
    tag: int

    def split(self, line: str) -> list[str]:
        """Fields of a line without its end. Only plain spaces and tabs separate: a word may be U+00A0."""
        text = line.rstrip("\r\n")
        return text.split("\t") if self.separator else re.split("[ \t]+", text.strip(" \t"))


@dataclass
class _Sentence:
    """Words gathered since the last blank line, and the first line that is broken."""

    start: int = 0
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    broken: tuple[int, str] | None = None


def looks_like_conll(sample: Sequence[str]) -> bool:
    """Whether lines of text hold a word and a tag each, with some entity among the tags."""
    layout = find_layout(sample)
    if layout is None:
        return False
    fields = [layout.split(line) for line in sample[:-1] if _is_token(line)]
    return bool(fields) and sum(len(one) == layout.width for one in fields) >= 0.9 * len(fields)


def read_conll(reading: Reading) -> Iterator[Numbered]:
    """Sentences as {"words", "tags" (IOB2), "document" (number)}, numbered by the line where they start."""
    reading.unit = "line"
    source = lines(reading)
    sample = list(itertools.islice(source, _SAMPLED_LINES))
    layout = find_layout(sample)
    if layout is None:
        shown = next((line.strip() for line in sample if _is_token(line)), "")
        raise reading.error(
            f"no column holds tags such as B-PER, I-PER and O; a line reads {shown[:60]!r}.",
            "Write one word a line with its tag (B-, I-, also E- and S-, or O), and blank lines between sentences.",
        )
    _say(reading, layout, sample)
    document = 0
    for sentence in _sentences(layout, itertools.chain(sample, source), reading.encoding):
        if sentence is None:
            document += 1
        elif sentence.broken is not None:
            line, what = sentence.broken
            reading.broken(line, f"{what} The sentence from line {sentence.start} was left out.", "Add the tag.")
        else:
            row = {"words": sentence.words, "tags": to_iob2(sentence.tags), "document": max(document, 1)}
            yield sentence.start, row


def are_chunks(tags: Iterable[str]) -> bool:
    """Whether tags mark phrases (B-NP, I-VP) and no entities."""
    types = {tag[2:] for tag in tags if _PREFIXED.match(tag)}
    return bool(types) and types <= _CHUNKS


def find_layout(sample: Sequence[str]) -> Layout | None:
    """Where the word and the tag are, or None when no column holds tags with an entity among them.

    The word is in the column with the most different values.
    """
    tokens = [line for line in sample if _is_token(line)]
    if not tokens:
        return None
    separator = "\t" if sum("\t" in line for line in tokens) >= 0.9 * len(tokens) else None
    rows = [Layout(separator, 0, 0, 0).split(line) for line in tokens]
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    tags = [place for place, values in enumerate(columns) if _are_tags(values)]
    if width < 2 or not tags:
        return None
    others = [place for place in range(width) if place not in tags and not _counts(columns[place])]
    if not others:
        return None
    word = max(others, key=lambda place: (len(set(columns[place])), -place))
    return Layout(separator, width, word, _entities(columns, tags))


def _entities(columns: Sequence[Sequence[str]], tags: Sequence[int]) -> int:
    """Which of the columns of tags holds the entities.

    Not one of known phrase types. Of the others the first with half of the words or more outside: names are rare,
    while phrases of any tradition cover a text, and what follows the names tells of names within them.
    """
    named = [place for place in tags if not are_chunks(set(columns[place]))] or list(tags)
    outside = {place: columns[place].count("O") / len(columns[place]) for place in named}
    return next((place for place in named if outside[place] >= _MOSTLY), max(named, key=lambda place: outside[place]))


def _is_token(line: str) -> bool:
    return bool(line.strip(" \t\r\n")) and not line.startswith(("#\t", "# ")) and not _opens_document(line)


def _opens_document(line: str) -> bool:
    """The mark stands in place of the word, wherever that is."""
    return _DOCUMENT in line


def _are_tags(values: Sequence[str]) -> bool:
    counts = Counter(values)
    tagged = sum(count for value, count in counts.items() if is_tag(value))
    return tagged >= 0.8 * len(values) and any(_PREFIXED.match(value) for value in counts)


def _counts(values: Sequence[str]) -> bool:
    """Whether a column only counts the words of a sentence (CoNLL-U, GermEval)."""
    return sum(value.isdigit() for value in values) >= 0.98 * len(values)


def _say(reading: Reading, layout: Layout, sample: Sequence[str]) -> None:
    whole = (sentence for sentence in _sentences(layout, sample, reading.encoding) if sentence is not None)
    scheme = detect_scheme(sentence.tags for sentence in whole if sentence.broken is None)
    between = "tabs" if layout.separator else "spaces"
    places = f"column {layout.word + 1} holds the words, column {layout.tag + 1} the tags"
    reading.facts.append(f"{between} between {layout.width} columns: {places} ({scheme}, read as IOB2)")


def _sentences(layout: Layout, source: Iterable[str], encoding: str) -> Iterator[_Sentence | None]:
    """Sentences in order, and None where a document starts."""
    sentence = _Sentence()
    for number, line in enumerate(source, start=1):
        opens = _opens_document(line)
        if opens or not line.strip(" \t\r\n"):
            if sentence.start:
                yield sentence
            sentence = _Sentence()
            if opens:
                yield None
        elif not _is_comment(layout, line, sentence):
            sentence.start = sentence.start or number
            _add(layout, sentence, number, line, encoding)
    if sentence.start:
        yield sentence


def _is_comment(layout: Layout, line: str, sentence: _Sentence) -> bool:
    """A line `# ...` before the first word of a sentence that is no token itself (`# NN O` is one)."""
    if not line.startswith("#") or sentence.start:
        return False
    fields = layout.split(line)
    return len(fields) != layout.width or not is_tag(fields[layout.tag])


def _add(layout: Layout, sentence: _Sentence, number: int, line: str, encoding: str) -> None:
    fields = layout.split(line)
    bad = fault(line, encoding)
    if bad:
        sentence.broken = sentence.broken or (number, f"the line {bad}")
    elif len(fields) != layout.width or not is_tag(fields[layout.tag]) or not fields[layout.word]:
        what = f"the line {line.strip()[:60]!r} does not hold a word and its tag in {layout.width} columns."
        sentence.broken = sentence.broken or (number, what)
    else:
        sentence.words.append(fields[layout.word])
        sentence.tags.append(fields[layout.tag])
