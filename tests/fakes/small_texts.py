"""Small labelled rows made on the spot, in English and Chinese, whose answer can be learnt from a word or two."""

import csv
import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]

OPENINGS = ("Please help,", "Hello,", "I wonder why", "Since yesterday", "Again", "My friend says", "Could it be that")
ENDINGS = ("is late", "was wrong", "does not work", "came twice", "is missing", "looks odd", "is still pending")
SUBJECTS = {
    "card": ("my card", "the plastic card", "a new card"),
    "fee": ("the fee", "an extra charge", "that fee"),
    "transfer": ("my transfer", "the bank transfer", "a payment abroad"),
}
OPENINGS_ZH = ("请问", "你好，", "为什么", "昨天开始", "又一次", "朋友说", "麻烦看看")
ENDINGS_ZH = ("没有到", "不对", "用不了", "来了两次", "不见了", "很奇怪", "还在处理")
SUBJECTS_ZH = {
    "卡": ("我的银行卡", "新卡", "这张卡"),
    "费用": ("手续费", "额外收费", "这笔费用"),
    "转账": ("我的转账", "国际汇款", "这次转账"),
}

PEOPLE = ("Anna Smith", "Bo", "Carla de la Cruz", "Dr. Obi", "王芳")
PLACES = ("Berlin", "New York", "São Paulo", "Hull", "上海")


def intents(count: int, *, seed: int = 0, chinese: bool = False) -> Rows:
    """`count` rows of `text` and one of three `label`s in turn, no text twice (up to 147 rows a label)."""
    openings, subjects, endings = (OPENINGS_ZH, SUBJECTS_ZH, ENDINGS_ZH) if chinese else (OPENINGS, SUBJECTS, ENDINGS)
    gap = "" if chinese else " "
    chance = random.Random(seed)
    texts = {}
    for label, names in subjects.items():
        every = [gap.join((a, name, b)) for a in openings for name in names for b in endings]
        texts[label] = iter(chance.sample(every, len(every)))
    return [{"text": next(texts[label]), "label": label} for label in islice(cycle(texts), count)]


def names(count: int, *, seed: int = 0) -> Rows:
    """`count` rows of `words` and `tags` with people and places in them."""
    chance = random.Random(seed)
    return [_sentence(chance, number) for number in range(count)]


def _sentence(chance: random.Random, number: int) -> dict[str, Any]:
    who, where = chance.choice(PEOPLE).split(), chance.choice(PLACES).split()
    parts = [([f"Nr{number}", "says"], "O"), (who, "PER"), (["lives", "in"], "O"), (where, "LOC"), (["."], "O")]
    words = [word for group, _ in parts for word in group]
    tags = [
        kind if kind == "O" else f"{'I' if place else 'B'}-{kind}"
        for group, kind in parts
        for place in range(len(group))
    ]
    return {"words": words, "tags": tags}


def every_text() -> list[str]:
    """Texts with all words of this file, for a vocabulary."""
    said = [row["text"] for chinese in (False, True) for row in intents(441, chinese=chinese)]
    return said + [" ".join(row["words"]) for row in names(60)]


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def banking(shared_data: Path, count: int, labels: int) -> Rows:
    """The first `count` training rows of banking77 of its first `labels` intents, in turn."""
    with (shared_data / "intent" / "banking77_en" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = sorted({row["label"] for row in rows})[:labels]
    queues = [[row for row in rows if row["label"] == kind] for kind in kinds]
    return list(islice(_in_turn(queues), count))


def _in_turn(queues: list[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for place in range(max(map(len, queues))):
        for queue in queues:
            if place < len(queue):
                yield queue[place]
