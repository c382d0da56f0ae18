"""EfficientNet-lite0's ImageNet weights, as a package carries them: their names changed, the classifier left out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from ..folder import CONFIG, WEIGHTS, write_json
from .torchfile import read_state_dict

# Patterns in the file's names (those of the reference TensorFlow code) and the names in our module.
RENAMED = (
    (r"^_conv_stem\.", "stem.conv."),
    (r"^_bn0\.", "stem.norm."),
    (r"^_conv_head\.", "top.conv."),
    (r"^_bn1\.", "top.norm."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"layers.\1.expand.conv."),
    (r"^_blocks\.(\d+)\._bn0\.", r"layers.\1.expand.norm."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"layers.\1.depthwise.conv."),
    (r"^_blocks\.(\d+)\._bn1\.", r"layers.\1.depthwise.norm."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"layers.\1.project.conv."),
    (r"^_blocks\.(\d+)\._bn2\.", r"layers.\1.project.norm."),
)
# The published weights expect (pixel - 127) / 128; see main.py and efficientnet_lite_builder.py in tensorflow/tpu.
MODEL = {"model_type": "efficientnet-lite0", "mean": [0.498, 0.498, 0.498], "std": [0.502, 0.502, 0.502]}
PROCESSOR = {"size": 128, "smallest": 64, "largest": 160, "resample": "bicubic"}


def convert_efficientnet(path: Path, target: Path) -> None:
    """Write `config.json`, `model.safetensors` and `processor.json` into `target`. Raises `ModelDamaged`."""
    tensors = {
        renamed(name): np.ascontiguousarray(tensor)
        for name, tensor in read_state_dict(path).items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    save_file(tensors, target / WEIGHTS, metadata={"format": "pt"})
    write_json(target / CONFIG, MODEL)
    write_json(target / "processor.json", PROCESSOR)


def renamed(name: str) -> str:
    """The name of a tensor in our module."""
    for pattern, ours in RENAMED:
        name, changed = re.subn(pattern, ours, name)
        if changed:
            return name
    return name
