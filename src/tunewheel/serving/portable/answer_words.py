"""Finds names with the model beside this file: `python answer.py "a text"`. Needs onnxruntime and tokenizers."""

import json
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text("utf-8"))
LABELS, ROOM = SETTINGS["labels"], SETTINGS["room"]
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"))

CJK = (
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0002fa1f\U00030000-\U000323af"
)
PIECE = re.compile(rf"[{CJK}]|[^\W{CJK}]+(?:['’][^\W{CJK}]+)*|[^\w\s]")
JOINERS = "\u200c\u200d"


def split(text):
    """Where the words of a text lie: runs of letters and digits, single Chinese characters, single marks."""
    found = []
    for match in PIECE.finditer(text):
        (start, end), piece = match.span(), match.group()
        if len(piece) == 1 and piece not in JOINERS and unicodedata.category(piece) in ("Cc", "Cf"):
            continue
        if found and found[-1][1] == start and attaches(text[start - 1], text[start]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def attaches(before, after):
    """Whether a character belongs to the word before it: accents, vowel signs, and what joiners join."""
    if after in JOINERS or before in JOINERS or unicodedata.category(after).startswith("M"):
        return True
    return unicodedata.category(before).startswith("M") and after.isalnum()


def pieces(word, spaced):
    """The token ids of a word; `spaced` says whether a space stands before it."""
    if SETTINGS["spaces"] == "metaspace" and not spaced:
        plain = TOKENIZER.normalizer.normalize_str(word) if TOKENIZER.normalizer else word
        ids = [token.id for token in TOKENIZER.model.tokenize(plain.lstrip("▁ "))]
    else:
        led = f" {word}" if spaced and SETTINGS["spaces"] == "bytes" else word
        ids = TOKENIZER.encode(led, add_special_tokens=False).ids
        if SETTINGS["spaces"] != "bytes" and len(ids) > 1 and ids[0] == SETTINGS["mark"]:
            ids = ids[1:]
    return (ids or [SETTINGS["unknown"]])[:ROOM]


def windows(sizes):
    """A long text is read in windows that overlap by a quarter; none cuts a word."""
    found, start, end = [], 0, 0
    while end < len(sizes) or not found:
        end = start
        while end < len(sizes) and (end == start or sum(sizes[start : end + 1]) <= ROOM):
            end += 1
        found.append((start, end))
        if end < len(sizes):
            shared, last = min(ROOM // 4, ROOM - sizes[end]), start
            start = end
            while start - 1 > last and sum(sizes[start - 1 : end]) <= shared:
                start -= 1
    return found


def context(window, word, count):
    """How many words a window shows on the poorer side of a word; -1 where it does not show the word itself."""
    if not window[0] <= word < window[1]:
        return -1
    left = word - window[0] if window[0] else count
    return min(left, window[1] - 1 - word if window[1] < count else count)


def read(tokens):
    """The logits of each word, (words, labels)."""
    found = windows([len(ids) for ids in tokens])
    width = max(sum(map(len, tokens[start:end])) for start, end in found)
    width += len(SETTINGS["opening"]) + len(SETTINGS["closing"])
    ids, mask = np.zeros((len(found), width), np.int64), np.zeros((len(found), width), np.float32)
    first = np.zeros(len(tokens), np.int64)
    views = [[context(window, word, len(tokens)) for window in found] for word in range(len(tokens))]
    best = [view.index(max(view)) for view in views]
    for number, (start, end) in enumerate(found):
        sequence = list(SETTINGS["opening"])
        for word in range(start, end):
            if best[word] == number:
                first[word] = number * width + len(sequence)
            sequence += tokens[word]
        sequence += SETTINGS["closing"]
        ids[number, : len(sequence)], mask[number, : len(sequence)] = sequence, 1
    return SESSION.run(None, {"ids": ids, "mask": mask, "first": first})[0].astype(float)


def best_path(scores):
    """The most probable tags of which none is I-x without B-x or I-x before it (Viterbi)."""
    barred = np.array([[-np.inf if b[0] == "I" and a[1:] != b[1:] else 0 for b in LABELS] for a in LABELS])
    reached, back = scores[0] + [-np.inf if label[0] == "I" else 0 for label in LABELS], []
    for row in scores[1:]:
        ways = reached[:, None] + barred
        back.append(ways.argmax(0))
        reached = ways.max(0) + row
    path = [int(reached.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return path[::-1]


def answer(text):
    """The names in a text: where they start and end (characters), what they are, and how probable."""
    bounds = split(text)
    if not bounds:
        return []
    logits = read([pieces(text[s:e], s == 0 or text[s - 1].isspace()) for s, e in bounds]) / SETTINGS["temperature"]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    found = []
    for word, tag in enumerate(best_path(np.log(shares + 1e-300))):
        sure, label = float(shares[word, tag]), LABELS[tag]
        if label[0] == "B":
            start, end = bounds[word]
            found.append({"start": start, "end": end, "text": text[start:end], "label": label[2:], "confidence": sure})
        elif label[0] == "I":
            found[-1]["end"] = bounds[word][1]
            found[-1]["text"] = text[found[-1]["start"] : found[-1]["end"]]
            found[-1]["confidence"] *= sure
    return found


if __name__ == "__main__":
    for text in sys.argv[1:]:
        sys.stdout.write(f"{json.dumps(answer(text), ensure_ascii=False)}\n")
