"""LitServe around the same graph and tokenizer, in an environment of its own without torch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import litserve  # type: ignore[import-not-found]

from ..engine import Engine


class Texts(litserve.LitAPI):  # type: ignore[misc]
    """`{"text": ...}` to `{"label": ...}`; batches come as lists."""

    folder: Path
    threads: int

    def setup(self, device: str) -> None:
        self.engine = Engine(self.folder, self.threads)

    # Without types: LitServe would make FastAPI check the body against them, which costs time.
    def decode_request(self, request):  # type: ignore[no-untyped-def]
        return request["text"]

    def predict(self, asked: Any) -> Any:
        return self.engine.answer(asked) if isinstance(asked, list) else self.engine.answer([asked])[0]

    def encode_response(self, label: str) -> dict[str, str]:
        return {"label": label}


def main() -> None:
    """Serve the folder until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fast-queue", action="store_true")
    given = parser.parse_args()
    api = Texts(max_batch_size=given.batch, batch_timeout=0.002 if given.batch > 1 else 0.0)
    api.folder, api.threads = given.folder, given.threads
    server = litserve.LitServer(
        api, accelerator="cpu", workers_per_device=given.workers, fast_queue=given.fast_queue, timeout=60
    )
    server.run(host="127.0.0.1", port=given.port, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main()
