"""The growing output of a run: bytes behind each other, and a journal of what is whole.

All of it lies in a folder beside the output until the end: killed at any moment, a run goes on behind the last piece
that the journal has; what stands behind it is cut off. The output takes its name when it is complete.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reasoner.batch.encode import PARQUET, Form
from reasoner.batch.footer import joined
from reasoner.batch.growing import growth
from reasoner.batch.places import removed
from reasoner.batch.tally import Tally, add, as_data, from_data
from reasoner.batch.verify import Drawn, Sample
from reasoner.batch.work import Done
from reasoner.errors import UsageError

DRAWN, FRAGMENTS, ERRORS, ROWS = "drawn", "fragments", "errors", "rows"  # as they take their names, the rows last


def fragments_of(output: str) -> str:
    """The file with the explanations of an output."""
    return f"{output}.fragments.jsonl"


def errors_of(output: str) -> str:
    """The file with what could not be read, unless another is named."""
    return f"{output}.errors.jsonl"


def names_of(output: str, errors: str = "") -> dict[str, str]:
    """The parts of an output with the files that they become."""
    return {DRAWN: "", FRAGMENTS: fragments_of(output), ERRORS: errors or errors_of(output), ROWS: output}


def settings_of(output: str, errors: str = "") -> dict[str, Any] | None:
    """The settings of a run that was broken off; None where there is none."""
    notes = growth(output, names_of(output, errors)).notes()
    return notes[0]["settings"] if notes else None


@dataclass(eq=False, repr=False)
class Counts:
    """How far a run is: pieces, cases read, decided and faulty, rows of output, bytes of the archive behind."""

    pieces: int = 0
    read: int = 0
    faulty: int = 0
    opened: int = 0
    empty: int = 0
    bytes: int = 0
    tally: Tally = field(default_factory=dict)

    @property
    def decided(self) -> int:
        """Cases that were decided."""
        return self.read - self.faulty

    def add(self, note: Mapping[str, Any]) -> None:
        """Counts a piece by its note."""
        self.pieces += 1
        self.read += note["read"]
        self.faulty += note["faulty"]
        self.opened += note["opened"]
        self.empty += note["empty"]
        self.bytes = note["bytes"]
        add(self.tally, from_data(note["tally"]))


def note_of(done: Done) -> dict[str, Any]:
    """What is noted of a piece besides its bytes."""
    return {
        "read": done.rows,
        "faulty": done.faulty,
        "opened": done.opened,
        "empty": done.empty,
        "bytes": done.read,
        "tally": as_data(done.tally),
        "footer": base64.b64encode(done.encoded.footer).decode(),
    }


class Journal:
    """The output of one run while it grows. ``counts`` says how far it is."""

    def __init__(self, output: str, errors: str, form: Form, sample: int = 0, fragments: bool = True) -> None:
        self.output, self.errors, self.form, self.sample = output, errors, form, Sample(sample)
        self.fragments = fragments  # whether there are explanations beside the output
        self.counts, self.known = Counts(), set[int]()
        self._growth = growth(output, names_of(output, errors))
        self._ends: list[tuple[int, bytes]] = []
        self._size = 0  # of the rows

    # -- begin and end ----------------------------------------------------------------------------------------------

    def begin(self, settings: Mapping[str, Any], head: bytes) -> None:
        """A new output. Raises UsageError when one is growing already."""
        self._growth.begin()
        told = json.dumps(settings, ensure_ascii=False).encode() + b"\n"
        try:
            self._growth.add({"settings": settings}, {ROWS: head, FRAGMENTS: told})
        except OSError:
            self._growth.keep([])
            raise
        self._size = len(head)

    def resume(self, settings: Mapping[str, Any]) -> bool:
        """Goes on behind the last whole piece; False when there is nothing to go on with.

        Raises UsageError when the run that was broken off had other settings.
        """
        notes = self._growth.notes()
        if notes:
            first, *rest = notes
            before = first["settings"]
            now = json.loads(json.dumps(settings))
            different = [key for key in {**before, **now} if before.get(key) != now.get(key)]
            if different:
                raise UsageError("batch_resume_differs", name=self.output, names=", ".join(sorted(different)))
        self._growth.keep(notes)
        if not notes:
            return False
        self._size = first["sizes"][ROWS]
        for note in rest:
            self._count(note, note["sizes"][ROWS])
        lines = self._growth.lines(FRAGMENTS)
        next(lines)
        self.known = {json.loads(line)["fragment"] for line in lines}
        list(self.sample.add(Drawn(*json.loads(line)) for line in self._growth.lines(DRAWN)))
        return True

    def _count(self, note: Mapping[str, Any], size: int) -> None:
        self.counts.add(note)
        if note["footer"]:
            self._ends.append((self._size, base64.b64decode(note["footer"])))
        self._size += size

    # -- growing ----------------------------------------------------------------------------------------------------

    def add(self, done: Done) -> None:
        """The next piece. Raises OSError when the disk is full; the piece is then not counted."""
        new = {number: text for number, text in done.fragments.items() if number not in self.known}
        parts = {
            ROWS: done.encoded.body,
            ERRORS: done.errors,
            FRAGMENTS: b"".join(b'{"fragment":%d,' % number + text[1:] + b"\n" for number, text in new.items()),
            DRAWN: b"".join(json.dumps(case).encode() + b"\n" for case in self.sample.add(done.drawn)),
        }
        note = note_of(done)
        self._growth.add(note, parts)
        self.known.update(new)
        self._count(note, len(done.encoded.body))

    def finish(self, empty: bytes) -> None:
        """Gives the output its name, with its fragments and errors; ``empty`` is the footer of a file without rows."""
        tail = joined(self._ends or [(self._size, empty)]) if self.form.kind == PARQUET else b""
        told = self.counts.faulty or self.errors != errors_of(self.output)
        if not told:
            removed(self.errors)  # of an output that this one replaces
        beside = [*([FRAGMENTS] if self.fragments else []), *([ERRORS] if told else [])]
        self._growth.finish([*beside, ROWS], tail)

    def rows(self) -> Iterator[bytes]:
        """The rows so far, where a row is a line."""
        return self._growth.lines(ROWS)

    def close(self) -> None:
        """Lets go of the output; what is whole can be gone on with."""
        self._growth.close()
