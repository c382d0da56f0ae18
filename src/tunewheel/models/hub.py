"""Model folders from the Hugging Face hub: safetensors and JSON only, and only when the network was asked for."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import WeightsMissing

PATTERNS = ("config.json", "model.safetensors", "tokenizer.json")


def from_hub(model: str, folder: Path, *, online: bool = False) -> Path:
    """The folder of hub model `org/name`, kept below `folder`. Raises `WeightsMissing`.

    Without `online` (or TUNEWHEEL_ONLINE=1) only what was downloaded before is used.
    """
    online = online or os.environ.get("TUNEWHEEL_ONLINE") == "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        found = snapshot_download(model, cache_dir=folder, allow_patterns=list(PATTERNS), local_files_only=not online)
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise WeightsMissing(
            f"the hub model '{model}' cannot be had here ({_short(error)}).", mend=_mend(online)
        ) from None
    return Path(found)


def _mend(online: bool) -> str:
    if online:
        return "Check the name and the network, or give a model folder with --model /path/to/folder."
    return (
        "Allow the network with --set model.online=true (or TUNEWHEEL_ONLINE=1), "
        "or give a folder with --model /path/to/folder."
    )


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
