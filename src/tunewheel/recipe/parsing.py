"""YAML text as settings with their lines: the safe, small part of YAML 1.2 that a recipe needs.

No tags, anchors or aliases; `yes` and `no` are text; `1e-5` is a number; a key given twice is a mistake.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from .settings import Path, Place, Settings

DEEPEST = 12
_KINDS = {"tag:yaml.org,2002:" + kind: kind for kind in ("null", "bool", "int", "float", "str", "map", "seq")}


class YamlMistake(Exception):
    """Text that is no YAML, or more of YAML than a recipe may use: a sentence and its line (from 1)."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what, line)
        self.what, self.line = what, line


class _Loader(yaml.SafeLoader):
    """Resolves plain scalars by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # PyYAML's own way to replace the inherited table


for _kind, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"[-+]?[0-9]{1,300}$", list("-+0123456789")),
    ("float", r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$", list("-+.0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), _first)


def parse(text: str, source: str) -> Settings:
    """Read a whole recipe. Mistakes are kept in `problems`, not raised."""
    settings = Settings(places={(): Place(source, 0)})
    try:
        root = _compose(text)
        if root is None:
            settings.complain(
                (), "the file holds no settings.", "`tunewheel recipe show --task NAME` prints a full one."
            )
        elif not isinstance(root, yaml.MappingNode):
            settings.complain((), "must hold settings, one `name: value` a line.", place=Place(source, 1))
        else:
            settings.values = _Reader(settings, source).mapping(root, ())
    except YamlMistake as mistake:
        settings.complain((), mistake.what, place=Place(source, mistake.line))
    return settings


def parse_value(text: str) -> Any:
    """Read one value, as in `--set name=VALUE`. Raises `YamlMistake`."""
    node = _compose(text)
    settings = Settings(places={(): Place("value", 0)})
    value = None if node is None else _Reader(settings, "value").value(node, ())
    if settings.problems:
        raise YamlMistake(settings.problems[0][1].what, 1)
    return value


def _compose(text: str) -> yaml.Node | None:
    """The tree of nodes, after a look at the flat stream of events that bounds its depth and refuses aliases."""
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise YamlMistake(f"groups lie deeper than {DEEPEST} levels.", line)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise YamlMistake("anchors (&) and aliases (*) are not used in a recipe.", line)
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlMistake(_sentence(str(error.problem)), mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlMistake("holds a character that text files do not hold.", line) from None


def _sentence(problem: str) -> str:
    """PyYAML's complaint in plain words."""
    for part, sentence in (
        ("'\\t'", "a tab; YAML is indented with spaces."),
        ("mapping values are not allowed", "the indentation is wrong, or a value holding ': ' needs quotes."),
        ("could not find expected ':'", "a line without ': ' between name and value."),
        ("expected <block end>", "the indentation does not fit the lines above, or a quote is out of place."),
        ("another document", "a second document begins here ('---'); a recipe is one document."),
        ("end of stream", "a quote or bracket is never closed."),
    ):
        if part in problem:
            return sentence
    return f"not readable as YAML ({problem})."


class _Reader:
    """Turns nodes into plain values and notes where each one stands."""

    def __init__(self, settings: Settings, source: str) -> None:
        self._settings, self._source = settings, source

    def value(self, node: yaml.Node, path: Path) -> Any:
        """A node as a dict, list or scalar."""
        if node.tag not in _KINDS:
            self._settings.complain(path, f"tags such as {node.tag[:40]} are not used in a recipe.")
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, number)) for number, child in enumerate(node.value)]
        return self._scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        """A mapping as a dict; names stay as they are written (`1` is the label '1')."""
        values: dict[str, Any] = {}
        for key, child in node.value:
            place = Place(self._source, key.start_mark.line + 1)
            if not isinstance(key, yaml.ScalarNode):
                self._settings.complain(path, "a name must be a single word, not a list or group.", place=place)
                continue
            here = (*path, key.value)
            if key.value in values:
                first = self._settings.places[here].line
                self._settings.complain(here, f"given twice (first in line {first}).", place=place)
                continue
            self._settings.places[here] = place
            values[key.value] = self.value(child, here)
        return values

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        """A scalar by its resolved tag."""
        text, kind = str(node.value), _KINDS[node.tag]
        try:
            if kind in ("int", "float"):
                return int(text) if kind == "int" else float(re.sub(r"\.(inf|nan)", r"\1", text))
        except ValueError:  # an explicit tag: `!!int abc`
            self._settings.complain(path, f"'{text[:40]}' is not a number.")
        if kind in ("null", "bool"):
            return None if kind == "null" else text.lower() == "true"
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._settings.complain(path, "holds half a character (a lone surrogate).")
            return ""
        return text
