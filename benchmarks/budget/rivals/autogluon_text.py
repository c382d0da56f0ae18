"""AutoGluon's text path with a time limit, on the body that all others start from, in its own environment."""

from __future__ import annotations

import tempfile
from typing import Any

import pandas as pd
import torch

from .contender import Contender, compete

# torchvision's compiled operators do not load beside the CPU build of torch, and importing it then fails. Text needs
# none of them: those that the import asks for are declared, so that AutoGluon can be imported.
PICTURES = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    PICTURES.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from autogluon.multimodal import MultiModalPredictor  # noqa: E402

# What is left for the end of the fit, which the time limit does not count.
KEPT_SECONDS = 15


def work(contender: Contender) -> None:
    """Fit until the last mark; one reading, at the end."""
    budget = max(contender.told["marks"])
    rows = pd.DataFrame({"text": contender.contents, "label": contender.answers})
    held = contender.told["validation"]
    tuning = pd.DataFrame({"text": held["contents"], "label": held["answers"]}) if held else None
    with tempfile.TemporaryDirectory() as folder:
        predictor = MultiModalPredictor(label="label", problem_type="multiclass", path=f"{folder}/model", verbosity=1)
        limit = budget - contender.clock.seconds - KEPT_SECONDS
        predictor.fit(rows, tuning_data=tuning, time_limit=limit, hyperparameters=settings(contender.told["model"]))
        contender.read(lambda texts: predictor.predict(pd.DataFrame({"text": list(texts)})).tolist(), only=True)


def settings(model: str) -> dict[str, Any]:
    """Its defaults, but for the body (its own would have to be fetched from a hub) and the CPU."""
    return {"model.names": ["hf_text"], "model.hf_text.checkpoint_name": model, "env.num_gpus": 0}


if __name__ == "__main__":
    compete(work)
