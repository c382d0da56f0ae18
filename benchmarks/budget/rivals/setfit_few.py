"""SetFit with its usual settings: batches of 16, one epoch, 20 rounds of pairs, logistic regression as the head.

It runs in an environment of its own. By default it would go through all pairs, which are 585,000 for 770 rows; the
20 rounds are those of its paper.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from sentence_transformers import SentenceTransformer
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize
from transformers import TrainerCallback

from .contender import Contender, Predict, compete

SOURCES = Path(__file__).resolve().parents[3] / "src"
ROUNDS = 20
BATCH = 16


class Marks(TrainerCallback):
    """Sets the body aside just before each mark; stops when it is too late."""

    def __init__(self, contender: Contender, model: Any) -> None:
        self.contender, self.model = contender, model
        self.stepped = contender.clock.seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = self.contender.clock.seconds
        step, self.stepped = now - self.stepped, now
        mark = self.contender.due(2 * step)
        if mark is not None:
            self.contender.set_aside(mark, lambda: weights(self.model.model_body))
        if self.contender.late:
            self.contender.stop(f"stopped at step {state.global_step} of {state.max_steps}")
            control.should_training_stop = True


def work(contender: Contender) -> None:
    """Fine-tune the body on pairs, then fit the head; the last reading is the finished model."""
    # Its environment has no Tunewheel, but what `unpadded` needs of it needs nothing that is not there.
    sys.path.append(str(SOURCES))
    body = SentenceTransformer(contender.told["model"], device="cpu")
    model = SetFitModel(body, LogisticRegression(), normalize_embeddings=True)
    rows = Dataset.from_dict({"text": contender.contents, "label": contender.answers})
    with tempfile.TemporaryDirectory() as folder:
        chosen = TrainingArguments(
            folder, batch_size=BATCH, num_epochs=1, num_iterations=ROUNDS, save_strategy="no", report_to="none",
            show_progress_bar=False,
        )  # fmt: skip
        trainer = Trainer(model, chosen, rows, callbacks=[Marks(contender, model)])
        trainer.train()
    if not contender.was_read_last:
        contender.read(
            lambda texts: [str(label) for label in model.model_head.predict(vectors(model.model_body, texts))]
        )
    contender.read_aside(lambda kept: with_head(contender, model.model_body, kept))
    contender.readings.sort(key=lambda reading: float(reading["seconds"]))


def weights(body: Any) -> dict[str, Any]:
    """A copy of all weights."""
    return {name: tensor.detach().clone() for name, tensor in body.state_dict().items()}


def with_head(contender: Contender, body: Any, kept: dict[str, Any]) -> Predict:
    """The body of a moment on the way, with a head fitted on it. Fitting it is off the clock, in its favour."""
    body.load_state_dict(kept)
    head = LogisticRegression().fit(vectors(body, contender.contents), contender.answers)
    return lambda texts: head.predict(vectors(body, texts)).tolist()


def vectors(body: Any, texts: Sequence[str]) -> Any:
    """What `body.encode` gives, normalised, off the clock: read without padding."""
    from .unpadded import Unpadded, mean

    body.eval()
    rows = body.tokenizer(list(texts), truncation=True, max_length=body.max_seq_length)["input_ids"]
    return normalize(np.stack(Unpadded(body[0].auto_model).answers(rows, mean)))


if __name__ == "__main__":
    compete(work)
