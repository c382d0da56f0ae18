"""SetFit with its usual settings: batches of 16, one epoch, 20 rounds of pairs, logistic regression as the head.

It runs in an environment of its own. By default it would go through all pairs, which are 585,000 for 770 rows; the
20 rounds are those of its paper.
"""

from __future__ import annotations

import tempfile
from typing import Any

from datasets import Dataset
from sentence_transformers import SentenceTransformer
from setfit import SetFitModel, Trainer, TrainingArguments
from sklearn.linear_model import LogisticRegression
from transformers import TrainerCallback

from .contender import Contender, compete

ROUNDS = 20
BATCH = 16


class Marks(TrainerCallback):
    """Reads at the marks, with a head fitted on the body of that moment; stops when it is too late."""

    def __init__(self, contender: Contender, model: Any) -> None:
        self.contender, self.model = contender, model
        self.stepped = contender.clock.seconds

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        now = self.contender.clock.seconds
        step, self.stepped = now - self.stepped, now
        if self.contender.due(2 * step):
            read(self.contender, self.model)
        if self.contender.late:
            self.contender.facts["stopped"] = f"stopped at step {state.global_step} of {state.max_steps}"
            control.should_training_stop = True


def work(contender: Contender) -> None:
    """Fine-tune the body on pairs, then fit the head; the last reading is the finished model."""
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
    contender.read(lambda texts: [str(label) for label in model.predict(list(texts))])


def read(contender: Contender, model: Any) -> None:
    """A reading half-way. Fitting its head is off the clock, in its favour; the mode of the body is put back."""
    with contender.clock.off_the_clock():
        vectors = model.model_body.encode(contender.contents, normalize_embeddings=True)
        head = LogisticRegression().fit(vectors, contender.answers)
    contender.read(lambda texts: head.predict(model.model_body.encode(list(texts), normalize_embeddings=True)).tolist())
    model.model_body.train()


if __name__ == "__main__":
    compete(work)
