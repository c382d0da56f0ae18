"""What a user would write: a FastAPI app around `transformers.pipeline`, one process of uvicorn, all defaults."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from .mean_pooled import loaded


class Question(BaseModel):
    """One text."""

    text: str


def main() -> None:
    """Serve the folder until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    pipe = loaded(given.folder)
    app = FastAPI()

    @app.post("/predict")
    def predict(question: Question) -> list[dict[str, str | float]]:
        return list(pipe(question.text))

    @app.get("/ready")
    def ready() -> dict[str, str]:
        return {"state": "ready"}

    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
