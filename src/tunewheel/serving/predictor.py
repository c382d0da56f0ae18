"""Predictor: the one path from examples to answers, used in evaluation checks, files and servers alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ..errors import DataError, Problem, RequestInvalid
from ..records import Batch, Example, Picture, Prediction, Row, Source
from ..task import Engine, Task
from .pictures import pixels_of

Encode = Callable[[Sequence[Example]], Batch]

# UTF-8 bytes follow the number of tokens across languages better than characters do:
# an English token is four to five bytes, a Chinese one about three.
BATCH_BUDGET = 65_536
BATCH_EXAMPLES = 256
# Where nobody waits for a turn, larger chunks keep all cores at work.
BULK_BUDGET, BULK_EXAMPLES = 4 * BATCH_BUDGET, 512
# What a small picture is worth in such bytes, and how many pixels more are one: each of them is decoded.
PICTURE_COST, PIXELS = 1_024, 64


class Predictor:
    """Answers rows with one version: `task.decode(engine(batch), batch)` and nothing else.

    Safe to call from several threads; chunks of different callers take turns, so many `at_once`.
    `form` names the variant that answers; it is empty for the version as it was trained. Rows answer `alike` whatever
    other rows stand beside them in a batch, up to rounding; activations in eight bits share one scale a batch. Where
    there is a `lone` engine, it answers who comes alone: the same, on cores that nobody else needs.
    """

    def __init__(
        self,
        task: Task,
        encode: Encode,
        engine: Engine,
        version: str,
        at_once: int = 1,
        form: str = "",
        alike: bool = True,
        lone: Engine | None = None,
    ) -> None:
        self.task = task
        self.version = version
        self.form = form
        self.alike = alike
        self.at_once = at_once
        self._encode = encode
        self._engine = engine
        self._lone = lone or engine
        self._turn = threading.Semaphore(at_once)

    def predict(self, rows: Sequence[Row], batch_budget: int = BATCH_BUDGET) -> list[Prediction]:
        """One answer a row, in order. Raises `RequestInvalid` that names every row that cannot be read."""
        return self.predict_examples(self.parse(rows), batch_budget)

    def parse(self, rows: Sequence[Row]) -> list[Example]:
        """Rows as examples without targets. Raises `RequestInvalid` that names every row that cannot be read."""
        examples: list[Example] = []
        problems: list[Problem] = []
        for number, row in enumerate(rows, start=1):
            try:
                example = self.task.parse(row, Source("request", number))
                examples.append(example if example.target is None else replace(example, target=None))
            except DataError as error:
                problems.extend(error.problems)
        if problems:
            raise RequestInvalid.of(problems)
        return examples

    def predict_examples(
        self, examples: Sequence[Example], batch_budget: int = BATCH_BUDGET, most: int = BATCH_EXAMPLES,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> list[Prediction]:  # fmt: skip
        """One answer an example, in order; worked in chunks of similar length of at most `batch_budget` bytes and
        `most` examples. Raises `TimeoutError` between two of them when the answers are not wanted any more."""
        answers: dict[int, Prediction] = {}
        for chunk in chunks([cost(example) for example in examples], batch_budget, most):
            if not is_wanted():
                raise TimeoutError("nobody waits for the answer any more.")
            answers.update(zip(chunk, self._answer([examples[i] for i in chunk], self._engine), strict=True))
        return [answers[i] for i in range(len(examples))]

    def predict_alone(self, examples: Sequence[Example]) -> list[Prediction]:
        """The same for a few examples while nobody else asks."""
        return self._answer(examples, self._lone)

    def predict_beside(self, examples: Sequence[Example]) -> list[Prediction]:
        """The same for a few examples in nobody's turn: for a thread that gives way to all others, which would wait for
        it otherwise."""
        return self._worked(examples, self._engine)

    def predict_bulk(self, examples: Sequence[Example]) -> list[Prediction]:
        """The same in large chunks: for files and tests, where no other caller waits."""
        return self.predict_examples(examples, BULK_BUDGET, BULK_EXAMPLES)

    def _answer(self, examples: Sequence[Example], engine: Engine) -> list[Prediction]:
        with self._turn:
            return self._worked(examples, engine)

    def _worked(self, examples: Sequence[Example], engine: Engine) -> list[Prediction]:
        batch = self._encode(examples)
        return self.task.decode(engine(batch), batch)


def cost(example: Example) -> int:
    """About how much work an example is, in UTF-8 bytes of text."""
    content = example.content
    if isinstance(content, Picture):
        return PICTURE_COST + pixels_of(content.data) // PIXELS
    text = content if isinstance(content, str) else content.text
    return len(text.encode("utf-8", "surrogatepass"))


def chunks(costs: Sequence[int], budget: int, most: int = BATCH_EXAMPLES) -> Iterator[list[int]]:
    """Positions sorted by cost, cut at `most` and so that rows times the longest of a chunk stays within `budget`."""
    chunk: list[int] = []
    for position in sorted(range(len(costs)), key=costs.__getitem__):
        full = len(chunk) == most or (len(chunk) + 1) * costs[position] > budget
        if chunk and full:
            yield chunk
            chunk = []
        chunk.append(position)
    if chunk:
        yield chunk
