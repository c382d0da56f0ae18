"""Answers picture files with the model beside this file: `python answer.py a.png`. Needs onnxruntime and Pillow."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text("utf-8"))
RESAMPLE = Image.Resampling[json.loads((HERE / "processor.json").read_text("utf-8"))["resample"].upper()]
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"))
CHANNELS, SIDE = SETTINGS["pixels"][:2]


def pixels(path):
    """A picture, upright, squeezed into a square, as bytes (channels, side, side)."""
    with Image.open(path) as opened:
        opened.draft("RGB", (512, 512))
        opened.load()
        image = plain(ImageOps.exif_transpose(opened)).convert("L" if CHANNELS == 1 else "RGB")
    if image.size != (SIDE, SIDE):
        image = image.resize((SIDE, SIDE), RESAMPLE)
    values = np.asarray(image, dtype=np.uint8)
    return values[None] if CHANNELS == 1 else values.transpose(2, 0, 1)


def plain(image):
    """Wide greys in the range of a byte, and what is transparent on white."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image, dtype=np.float64)
        most = 255.0 if values.max() <= 255 else max(65535.0, values.max())
        return Image.fromarray(np.clip(values * 255.0 / most, 0, 255).round().astype(np.uint8))
    if image.mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def answer(path):
    """The label of a picture and its probability."""
    logits = SESSION.run(None, {"pixels": pixels(path)[None]})[0][0].astype(float)
    shares = np.exp((logits - logits.max()) / SETTINGS["temperature"])
    return SETTINGS["labels"][shares.argmax()], float(shares.max() / shares.sum())


if __name__ == "__main__":
    for path in sys.argv[1:]:
        sys.stdout.write(f"{path}: {answer(path)}\n")
