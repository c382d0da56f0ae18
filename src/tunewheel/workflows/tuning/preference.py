"""Preference: which of the candidates of a run should go live. The test rows have no say in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter

from ...evaluation.compare import difference, points
from ...evaluation.report import spelled
from .contend import Candidate, Entrant
from .divisions import Means

# A plain rival goes live in the fine-tuned model's place when validation says so with 90 % confidence: on few
# rows the better of two is mostly luck.
LEVEL = 0.1
Groups = Sequence[Hashable] | None


def preferred(
    candidates: Sequence[Candidate],
    groups: Groups = None,
    *,
    cut: bool = False,
    few: bool = False,
    found: Means | None = None,
) -> tuple[Candidate, str]:
    """The candidate that should go live, and a sentence that says why. `groups` are those of the validation rows.

    That is the fine-tuned one (the last), unless a rival is better on the validation rows, and not by luck. For a
    training that was `cut` short, or had `few` rows to learn from, little speaks but its score: then a rival need only
    be ahead. What was `found` where few rows were divided in other ways says more than their validation rows.
    """
    rival = best_rival(candidates)
    tuned = fine_tuned(candidates)
    if tuned is None:
        return rival, f"{rival.name}: the best of what there was time for{_scored(rival)}."
    if few:
        return _of_few(candidates, tuned, found)
    if proved_on_validation(tuned, rival, groups):
        return rival, f"{rival.name}: better than the fine-tuned model on the validation rows, and not by luck."
    if cut and rival.score > tuned.score:
        return rival, f"{rival.name}: ahead of a fine-tuning that was cut short{_scored(rival)}."
    if rival.score > tuned.score:
        why = f"though {rival.name} is {points(rival.score - tuned.score)} points ahead on validation rows"
        return tuned, f"{tuned.name}: {why}, so few of them cannot tell that from luck."
    return tuned, f"{tuned.name}: the best on the validation rows{_scored(tuned)}."


def _of_few(candidates: Sequence[Candidate], tuned: Candidate, found: Means | None) -> tuple[Candidate, str]:
    """The rival where it is ahead: on the means over other divisions of the rows, where these were `found`.

    A floor that is level goes live, being smaller and faster: few rows end in a tie more often than not. The body
    before is neither, and beforehand the fine-tuned one is better (figures in docs/log.md).
    """

    def score(candidate: Candidate) -> float:
        return found.of(candidate) if found else candidate.score

    rival = best_rival([one for one in candidates if found is None or one.name in found.plain], score)
    where = f"on {found.divisions} other divisions of the rows" if found else "on the validation rows"
    ours, theirs, metric = points(score(tuned)), points(score(rival)), spelled(tuned.task.best_by)
    if score(rival) > score(tuned):
        return rival, f"{rival.name}: ahead of what was fine-tuned on few rows ({metric} {theirs} and {ours} {where})."
    if score(rival) == score(tuned) and rival.made.role == "floor" and rival is not candidates[0]:
        return rival, f"{rival.name}: as good as what was fine-tuned on few rows ({metric} {theirs} {where})."
    return tuned, f"{tuned.name}: the best {where} ({metric} {ours})."


def fine_tuned(candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate that was fine-tuned, if there is one."""
    return next((candidate for candidate in reversed(candidates) if candidate.made.role == "after"), None)


def best_rival(
    candidates: Sequence[Candidate], score: Callable[[Candidate], float] = attrgetter("score")
) -> Candidate:  # fmt: skip
    """The best on validation of all that are not fine-tuned; of equals the first that knows more than how often each
    answer occurs."""
    plain = [candidate for candidate in candidates if candidate.made.role != "after"]
    return max(plain, key=lambda candidate: (score(candidate), candidate is not plain[0]))


def proved_on_validation(tuned: Candidate, rival: Candidate, groups: Groups = None) -> bool:
    """Whether the rival is better than the fine-tuned model on the validation rows, and not by luck."""
    metric = tuned.task.best_by
    ours, theirs = rival.validation.rows[metric], tuned.validation.rows[metric]
    gain = difference(ours, theirs, groups=groups, alternative="greater")
    return gain.value > 0 and gain.p_value < LEVEL


def takes_over(newcomer: Candidate, holder: Candidate, *, slower: bool, groups: Groups = None) -> bool:
    """Whether what came of another body takes the place of what the run has: if that would make it `slower`, only where
    the newcomer is better on the validation rows and not by luck, else where it is as good."""
    if slower:
        return proved_on_validation(holder, newcomer, groups)
    return newcomer.score >= holder.score


def worth_keeping(chosen: Entrant, entrants: Sequence[Entrant]) -> list[Entrant]:
    """The fine-tuned model, and the best rival where that is chosen or at least as good, on validation or on test. Only
    what was judged as it would be served can be kept."""
    candidates = [entrant.candidate for entrant in entrants if not entrant.rough]
    tuned, rival = fine_tuned(candidates), best_rival(candidates)
    main = next((entrant for entrant in entrants if entrant.candidate is tuned), chosen)
    best = next(entrant for entrant in entrants if entrant.candidate is rival)
    beside = best if chosen is main else chosen
    return [main, beside] if main is not beside and (beside is chosen or _as_good(beside, main)) else [main]


def _as_good(entrant: Entrant, chosen: Entrant) -> bool:
    metric = chosen.task.best_by
    on_test = entrant.contender.scores[metric] >= chosen.contender.scores[metric]
    return on_test or entrant.candidate.score >= chosen.candidate.score


def _scored(candidate: Candidate) -> str:
    return f" ({spelled(candidate.task.best_by)} {points(candidate.score)})"
