"""Pictures: a graph of convolutions in eight bits, the scales of its activations learnt from a few rows.

onnxruntime's own quantiser does it; weights have a scale for each of their outputs, for those of depthwise convolutions
differ by much.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .feeds import Feeds
from .quantise import quiet


def write_pictures(source: Path, target: Path, rows: Iterable[Feeds]) -> None:
    """Write the graph in `source` once more in eight bits, its activations as far as they go on `rows`, each fed alone.
    Raises what onnxruntime raises for a row that does not fit."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    waiting = iter(rows)

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Hands out the rows one by one."""

        def get_next(self) -> Feeds | None:
            return next(waiting, None)

    ready = target.with_suffix(".ready.onnx")
    with quiet():
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_static(
            str(ready), str(target), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )  # fmt: skip
    ready.unlink()
