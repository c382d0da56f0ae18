"""Answers texts with the model beside this file: `python answer.py "a text"`. Needs onnxruntime and tokenizers."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text("utf-8"))
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"))


def windows(ids, start=0):
    """A long text is read in windows that overlap by a quarter."""
    end = min(start + SETTINGS["room"], len(ids))
    rest = windows(ids, end - SETTINGS["room"] // 4) if end < len(ids) else []
    return [SETTINGS["opening"] + ids[start:end] + SETTINGS["closing"], *rest]


def answer(text):
    """The label and its probability; where several labels may hold, those that do and the probability of the set."""
    found = windows(TOKENIZER.encode(text, add_special_tokens=False).ids)
    width = max(map(len, found))
    ids = np.array([window + [0] * (width - len(window)) for window in found])
    mask = np.array([[1] * len(window) + [0] * (width - len(window)) for window in found], dtype=np.float32)
    pool = np.full((1, len(found)), 1 / mask.sum(), dtype=np.float32)
    logits = SESSION.run(None, {"ids": ids, "mask": mask, "pool": pool})[0][0].astype(float)
    if "thresholds" in SETTINGS:
        shares = 1 / (1 + np.exp(-logits))
        holds = shares >= SETTINGS["thresholds"]
        chosen = [label for label, yes in zip(SETTINGS["labels"], holds, strict=True) if yes]
        return chosen, float(np.where(holds, shares, 1 - shares).prod())
    shares = np.exp((logits - logits.max()) / SETTINGS["temperature"])
    return SETTINGS["labels"][shares.argmax()], float(shares.max() / shares.sum())


if __name__ == "__main__":
    for text in sys.argv[1:]:
        sys.stdout.write(f"{answer(text)}\n")
