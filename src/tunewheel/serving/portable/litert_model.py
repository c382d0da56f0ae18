"""A LiteRT file that is asked like a session of onnxruntime. Needs ai-edge-litert."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class Model:
    """Reads any number of windows of any length. Its graphs have fixed shapes, one graph a length: each window is read
    alone, padded to the shortest that it fits in. Not for several threads at once."""

    def __init__(self, path):
        self._interpreter = Interpreter(str(path), num_threads=1)
        names = self._interpreter.get_signature_list()
        self._runners = {name: self._interpreter.get_signature_runner(name) for name in names}
        self._lengths = sorted(int(name.removeprefix("tokens_")) for name in names if name != "pixels")

    def run(self, _, feeds):
        """The logits, as the only output."""
        if "pixels" in feeds:
            return [np.concatenate([self._asked("pixels", pixels=one[None]) for one in feeds["pixels"]])]
        windows = list(zip(feeds["ids"], feeds["mask"], strict=True))
        if "first" in feeds:
            every = [self._read(ids, mask)[: len(ids)] for ids, mask in windows]
            return [np.concatenate(every)[feeds["first"]]]
        # The head is linear: what the windows add up to is known from each of them, and from one that shows nothing.
        nothing = self._read(windows[0][0], 0 * windows[0][1])
        parts = np.concatenate([self._read(ids, mask) - nothing for ids, mask in windows])
        return [feeds["pool"] @ parts + nothing]

    def _read(self, ids, mask):
        length = next(length for length in self._lengths if len(ids) <= length)
        wide = {"ids": np.zeros((1, length), np.int32), "mask": np.zeros((1, length), np.float32)}
        wide["ids"][0, : len(ids)], wide["mask"][0, : len(ids)] = ids, mask
        return self._asked(f"tokens_{length}", **wide)

    def _asked(self, name, **inputs):
        return next(iter(self._runners[name](**inputs).values()))
