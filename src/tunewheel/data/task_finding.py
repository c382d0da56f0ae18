"""Which task a table's columns are for, and the columns that this task reads."""

from __future__ import annotations

from ..errors import ColumnError, Problem
from .cells import is_tags, read_words
from .column_facts import ColumnFacts
from .column_names import rank
from .readers.conll import are_chunks
from .role_finding import Finding, find_label, find_text, label_candidates, may_be_text

TEXT, TOKENS, IMAGES = TASKS = ("text_classification", "token_classification", "image_classification")
_UNNAMED = 9


def evident_task(finding: Finding) -> str:
    """The task that the given columns mean, or the kinds of columns there are.

    Raises `ColumnError` when spans and labels could be learned equally well.
    """
    given = finding.columns.keys()
    if given & {"words", "tags", "spans"}:
        return TOKENS
    if "image" in given or ("text" not in given and _has_pictures(finding)):
        return IMAGES
    if "label" in given:
        return TEXT
    if finding.of_kind("tags") or _is_named_words(finding):
        return TOKENS
    return _spans_or_labels(finding)


def find_roles(finding: Finding, task: str) -> None:
    """Fill in the columns that `task` reads and say so; what cannot be told is noted as missing."""
    if task == IMAGES:
        find_image(finding)
        find_label(finding)
        _say(finding, "image", "the pictures", finding.told_label())
    elif task == TEXT:
        find_text(finding)
        find_label(finding)
        _say(finding, "text", "the text", finding.told_label())
    elif _has_spans(finding):
        find_spans(finding)
        find_text(finding)
        _say(finding, "text", "the text", _told(finding, "spans", "the marked spans"))
    else:
        find_tags(finding)
        find_words(finding)
        _say(finding, "words", "the words", _told(finding, "tags", "their tags"))


def find_image(finding: Finding) -> None:
    """The column of pictures: the one that is called so, or the first."""
    images = finding.of_kind("image") or finding.of_kind("picture path")
    if "image" not in finding.columns and images:
        finding.columns["image"] = min(images, key=lambda one: _place("image", one)).name
    elif "image" not in finding.columns:
        finding.miss(
            "image", "no column holds pictures (PNG, JPEG and the like as bytes, or the names of their files)."
        )


def find_spans(finding: Finding) -> None:
    """The column of marked spans, the one with the surest name first."""
    spans = finding.of_kind("spans")
    if "spans" not in finding.columns and spans:
        finding.columns["spans"] = min(spans, key=lambda one: _place("spans", one)).name
    elif "spans" not in finding.columns and finding.labelled:
        finding.miss("spans", 'no column holds spans such as [{"start": 0, "end": 5, "label": "PER"}].')


def find_tags(finding: Finding) -> None:
    """The column of one tag a word, the one with the surest name first; phrases are learned only for want of names."""
    tags = finding.of_kind("tags")
    if "tags" not in finding.columns and tags:
        finding.columns["tags"] = min(tags, key=lambda one: (_holds_chunks(one), _place("tags", one))).name
    elif "tags" not in finding.columns and finding.labelled:
        finding.miss("tags", _why_no_tags(finding))


def find_words(finding: Finding) -> None:
    """The column of lists of words, or of texts with spaces between them; a plain text where nothing is tagged."""
    if "words" in finding.columns:
        return
    lists = finding.of_kind("list") or [one for one in finding.of_kind("text") if not one.is_id and one.wordy >= 0.5]
    if "tags" not in finding.columns and not finding.labelled and not finding.of_kind("list"):
        find_text(finding)
    elif lists:
        finding.columns["words"] = min(lists, key=lambda one: _place("words", one)).name
    else:
        finding.miss("words", "no column holds lists of words.")


def _has_pictures(finding: Finding) -> bool:
    """Whether pictures are there, or named by their files where no text stands beside them."""
    named = finding.of_kind("picture path")
    return bool(finding.of_kind("image") or (named and not any(may_be_text(one) for one in finding.of_kind("text"))))


def _has_spans(finding: Finding) -> bool:
    """Whether entities are marked in a text instead of tagged word by word."""
    if finding.columns.keys() & {"words", "tags"}:
        return False
    if finding.columns.keys() & {"text", "spans"}:
        return True
    return bool(finding.of_kind("spans")) and not finding.of_kind("tags")


def _is_named_words(finding: Finding) -> bool:
    """Whether lists are called words and no text stands beside them: then only the tags are wrong or missing."""
    return any(rank("words", one.name) == 0 for one in finding.of_kind("list")) and not finding.of_kind("text")


def _spans_or_labels(finding: Finding) -> str:
    spans = sorted(finding.of_kind("spans"), key=lambda one: _place("spans", one))
    labels = [one for one in label_candidates(finding) if rank("label", one.name) in (0, 1)]
    if not spans:
        return TEXT
    if not labels:
        return TOKENS
    if _place("spans", spans[0]) == 0:
        what = f"both {labels[0].name!r} (a label a row) and {spans[0].name!r} (spans of text) can be learned."
        mend = f"Choose with --task {TEXT} or --task {TOKENS}."
        raise ColumnError.of([Problem(what, str(finding.table.path), mend)])
    finding.said.append(f"{spans[0].name!r} holds spans of text; to learn those instead, add --task {TOKENS}.")
    return TEXT


def _place(role: str, one: ColumnFacts) -> int:
    """Where a column stands among those that may have a role: by its name, and last when that tells nothing."""
    found = rank(role, one.name)
    return _UNNAMED if found is None else found


def _holds_chunks(one: ColumnFacts) -> bool:
    """Whether a column of tags marks phrases (NP, VP), as beside the names in CoNLL-2003."""
    return are_chunks(tag for value in one.values if is_tags(value) for tag in read_words(value))


def _why_no_tags(finding: Finding) -> str:
    for one in finding.free():
        if rank("tags", one.name) is not None and one.kind in ("list", "numbers", "text"):
            kind = "numbers" if one.kind == "numbers" else "values"
            return f"column {one.name!r} holds {kind} ({one.sample()}) and no tags such as O, B-PER, I-PER."
    return "no column holds tags such as O, B-PER, I-PER."


def _told(finding: Finding, role: str, what: str) -> str:
    return f", {finding.columns[role]!r} {what}" if role in finding.columns else ""


def _say(finding: Finding, role: str, what: str, rest: str) -> None:
    if finding.missing:
        return
    role = role if role in finding.columns else "text"
    why = f" ({finding.why_text()})" if role == "text" else ""
    finding.said.insert(0, f"{finding.columns[role]!r} holds {what}{why}{rest}.")
