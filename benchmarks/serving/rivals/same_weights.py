"""Writes a version of a workspace as a folder of transformers: `python -m ...same_weights WORKSPACE VERSION FOLDER`.

Prints the version's labels as JSON. Raises for a version that is not a text classifier on a BERT body.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from transformers import BertConfig, PreTrainedTokenizerFast

from tunewheel.models.text.processor import TextProcessor
from tunewheel.registry.revive import Revived, revive
from tunewheel.workspace import Workspace

from .mean_pooled import MeanPooled

BODY, HEAD = "backbone.body.", "head."
SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}


def write(revived: Revived, described: dict[str, Any], folder: Path) -> list[str]:
    """Config, weights and tokenizer into `folder`; gives the labels in the order of the logits."""
    labels = list(revived.task.facts["labels"])
    known = {name: value for name, value in described.items() if not name.startswith(("tunewheel_", "architectures"))}
    names = {"id2label": dict(enumerate(labels)), "label2id": {label: place for place, label in enumerate(labels)}}
    model = MeanPooled(BertConfig(**{**known, **names}))
    state = revived.engine.module.state_dict()  # type: ignore[attr-defined]
    renamed = {_renamed(name): tensor.float() for name, tensor in state.items()}
    model.load_state_dict(renamed)  # strict: it is the same model or there is none
    model.save_pretrained(folder)
    processor = revived.task.processor
    assert isinstance(processor, TextProcessor)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=processor.tokenizer, **SPECIAL)
    tokenizer.model_max_length = int(known["max_position_embeddings"])
    tokenizer.save_pretrained(folder)
    return labels


def _renamed(name: str) -> str:
    """Our name of a tensor as the rival has it."""
    return f"bert.{name.removeprefix(BODY)}" if name.startswith(BODY) else f"classifier.{name.removeprefix(HEAD)}"


def main() -> None:
    """Write the folder that is named."""
    place, version, folder = sys.argv[1:]
    with Workspace.open(place, create=False) as opened:
        bundle = opened.bundle(version)
        labels = write(revive(bundle, opened.bases), bundle.json("backbone.json"), Path(folder))
    print(json.dumps({"labels": labels}))


if __name__ == "__main__":
    main()
