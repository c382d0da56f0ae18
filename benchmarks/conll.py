"""CoNLL-2003, where a user has it: the environment variable CONLL2003 names the folder with its three files."""

from __future__ import annotations

import os
from pathlib import Path

from .sets import LabelledSet

VARIABLE = "CONLL2003"
# Training, validation and test file under the two sets of names in use.
NAMES = (("train.txt", "valid.txt", "test.txt"), ("eng.train", "eng.testa", "eng.testb"))


def conll() -> LabelledSet:
    """The set as it lies in the named folder."""
    folder = Path(os.environ.get(VARIABLE) or VARIABLE).expanduser().absolute()
    names = next((names for names in NAMES if (folder / names[0]).is_file()), NAMES[0])
    train, validation, test = (folder / name for name in names)
    advice = f"the set is not here: name the folder with its files in the environment variable {VARIABLE}"
    return LabelledSet("conll2003", train, test, validation, advice=advice)
