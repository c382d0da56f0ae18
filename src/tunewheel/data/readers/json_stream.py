"""A JSON document read from a buffer of bounded size: the items of a list one by one, anything else at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from ...errors import ReadError
from .lines import guarded
from .reading import LINE_LIMIT, Reading

_DOCUMENT_LIMIT = 256 * 2**20
_CHUNK = 2**20
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_MEND = "Mend that place, or export the file again."
_TOO_DEEP = ("the document is nested too deeply.", "Write a list of flat objects.")
_DECODER = json.JSONDecoder()


class JsonStream:
    """A place in a JSON text that moves forward; `line` is counted for error messages."""

    def __init__(self, reading: Reading, file: TextIO) -> None:
        self._reading = reading
        self._file = file
        self._text = ""
        self._place = 0
        self._line = 1

    def next_mark(self) -> str:
        """The next character that is no space or comma, "" at the end; moves to it."""
        while True:
            between = _BETWEEN.match(self._text, self._place)
            self._place = between.end() if between else self._place
            if self._place < len(self._text) or not self._top_up():
                return self._text[self._place : self._place + 1]

    def items(self) -> Iterator[Any]:
        """Items of the list that begins here. Raises `ReadError` naming the item and line of a mistake."""
        self._reading.facts.append("a list of JSON items")
        self._place += 1
        number = 0
        while (mark := self.next_mark()) not in ("]", ""):
            number += 1
            yield self._item(number)
        if not mark:
            raise self._reading.error("the list of items is never closed: the file is cut off.", _MEND, number)
        self._place += 1
        if self.next_mark():
            raise self._reading.error("there is more text after the list of items.", _MEND, number)

    def document(self) -> Any:
        """Everything from here as one value. Raises `ReadError`."""
        if self._reading.path.stat().st_size > _DOCUMENT_LIMIT:
            what = f"the document is no list and larger than {_DOCUMENT_LIMIT // 2**20} MB."
            raise self._reading.error(what, "Write it as JSON Lines (one object a line) or Parquet.")
        while self._top_up():
            pass
        self._reading.consumed += len(self._text)
        try:
            return json.loads(self._text)
        except RecursionError:
            raise self._reading.error(*_TOO_DEEP) from None
        except json.JSONDecodeError as error:
            line = self._line + error.lineno - 1
            what = f"the document is not JSON: {error.msg} at line {line}, character {error.colno}."
            raise self._reading.error(what, _MEND) from None
        except ValueError as error:  # a number with thousands of digits
            raise self._reading.error(f"the document is not JSON: {error}.", _MEND) from None

    def _item(self, number: int) -> Any:
        while True:
            try:
                item, end = _DECODER.raw_decode(self._text, self._place)
            except RecursionError:
                raise self._reading.error(*_TOO_DEEP, number) from None
            except json.JSONDecodeError as error:
                mistake = self._mistake(error, number)
                if len(self._text) - self._place > LINE_LIMIT or not self._top_up():
                    raise mistake from None
                continue
            except ValueError as error:
                raise self._reading.error(f"the item is not JSON: {error}.", _MEND, number) from None
            if end < len(self._text) or not self._top_up():  # a number may go on in the next chunk
                self._reading.consumed += end - self._place
                self._place = end
                return item

    def _mistake(self, error: json.JSONDecodeError, number: int) -> ReadError:
        line = self._line + self._text.count("\n", 0, error.pos)
        return self._reading.error(f"the item is not JSON: {error.msg} (line {line}).", _MEND, number)

    def _top_up(self) -> bool:
        """Forget what was used and read on; False at the end of the file."""
        more = guarded(self._reading, self._file.read, _CHUNK)
        self._line += self._text.count("\n", 0, self._place)
        self._text = self._text[self._place :] + more
        self._place = 0
        return bool(more)
