"""The growing output of a run: bytes behind each other, and a journal of what is whole.

All of it lies in a folder beside the output until the end: killed at any moment, a run goes on behind the last piece
that the journal has; what stands behind it in the files is cut off. The output takes its name when it is complete.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from reasoner.batch.encode import PARQUET, Form
from reasoner.batch.footer import joined
from reasoner.batch.tally import Tally, add, as_data, from_data
from reasoner.batch.verify import Drawn, Sample
from reasoner.batch.work import Done
from reasoner.errors import UsageError

ROWS, FRAGMENTS, ERRORS, DRAWN, JOURNAL = "rows", "fragments", "errors", "drawn", "journal.jsonl"
FILES = (ROWS, FRAGMENTS, ERRORS, DRAWN)


def workplace(output: Path) -> Path:
    """The folder in which an output grows."""
    return output.with_name(f"{output.name}.partial")


def fragments_of(output: Path) -> Path:
    """The file with the explanations of an output."""
    return output.with_name(f"{output.name}.fragments.jsonl")


def errors_of(output: Path) -> Path:
    """The file with what could not be read, unless another is named."""
    return output.with_name(f"{output.name}.errors.jsonl")


def settings_of(output: Path) -> dict[str, Any] | None:
    """The settings of a run that was broken off; None where there is none."""
    try:
        with open(workplace(output) / JOURNAL, "rb") as file:
            found: dict[str, Any] = json.loads(file.readline())["settings"]
            return found
    except (OSError, ValueError, KeyError):
        return None


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


class Journal:
    """The output of one run while it grows. ``counts`` says how far it is."""

    def __init__(self, output: Path, errors: Path, form: Form, sample: int = 0) -> None:
        self.output, self.errors, self.form, self.sample = output, errors, form, Sample(sample)
        self.folder, self.counts = workplace(output), Counts()
        self.known: set[int] = set()
        self._files: dict[str, IO[bytes]] = {}
        self._ends: list[tuple[int, bytes]] = []

    # -- begin and end ----------------------------------------------------------------------------------------------

    def begin(self, settings: Mapping[str, Any], head: bytes) -> None:
        """A new output. Raises UsageError when one is growing already."""
        try:
            self.folder.mkdir()
        except FileExistsError:
            raise UsageError("batch_unfinished", name=str(self.output), folder=str(self.folder)) from None
        self._open()
        self._files[ROWS].write(head)
        self._files[FRAGMENTS].write(json.dumps(settings, ensure_ascii=False).encode() + b"\n")
        self._note({"settings": settings})

    def resume(self, settings: Mapping[str, Any]) -> bool:
        """Goes on behind the last whole piece; False when there is nothing to go on with.

        Raises UsageError when the run that was broken off had other settings.
        """
        journal = self.folder / JOURNAL
        self._taken_back()
        lines = list(_whole(journal.read_bytes())) if journal.is_file() else []
        if not lines or any(_size(self.folder / name) < lines[0]["ends"][name] for name in FILES):
            shutil.rmtree(self.folder, ignore_errors=True)
            return False
        first, *rest = lines
        before = first["settings"]
        now = json.loads(json.dumps(settings))
        different = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        if different:
            raise UsageError("batch_resume_differs", name=str(self.output), names=", ".join(sorted(different)))
        ends = first["ends"]
        for line in rest:
            if any(_size(self.folder / name) < line["ends"][name] for name in FILES):
                break  # the journal outlived what it speaks of
            self._count(line, ends)
            ends = line["ends"]
        for name in FILES:
            os.truncate(self.folder / name, ends[name])
        kept = lines[: self.counts.pieces + 1]
        journal.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in kept))
        self._open()
        with open(self.folder / FRAGMENTS, "rb") as file:
            next(file)
            self.known = {json.loads(line)["fragment"] for line in file}
        with open(self.folder / DRAWN, "rb") as file:
            list(self.sample.add(Drawn(*json.loads(line)) for line in file))
        return True

    def _open(self) -> None:
        self._files = {name: (self.folder / name).open("ab") for name in (*FILES, JOURNAL)}

    def _count(self, line: Mapping[str, Any], before: Mapping[str, int]) -> None:
        counts = self.counts
        counts.pieces += 1
        counts.read += line["read"]
        counts.faulty += line["faulty"]
        counts.opened += line["opened"]
        counts.empty += line["empty"]
        counts.bytes = line["bytes"]
        add(counts.tally, from_data(line["tally"]))
        if line["footer"]:
            self._ends.append((before[ROWS], base64.b64decode(line["footer"])))

    # -- growing ----------------------------------------------------------------------------------------------------

    def add(self, done: Done) -> None:
        """The next piece. Raises OSError when the disk is full; the piece is then not counted."""
        before = {name: self._files[name].tell() for name in FILES}
        self._files[ROWS].write(done.encoded.body)
        self._files[ERRORS].write(done.errors)
        new = {number: text for number, text in done.fragments.items() if number not in self.known}
        for number, text in new.items():
            self._files[FRAGMENTS].write(b'{"fragment":%d,' % number + text[1:] + b"\n")
        self.known.update(new)
        for case in self.sample.add(done.drawn):
            self._files[DRAWN].write(json.dumps(case).encode() + b"\n")
        line = {
            "read": done.rows,
            "faulty": done.faulty,
            "opened": done.opened,
            "empty": done.empty,
            "bytes": done.read,
            "tally": as_data(done.tally),
            "footer": base64.b64encode(done.encoded.footer).decode(),
        }
        self._note(line)
        self._count(line, before)

    def _note(self, line: Mapping[str, Any]) -> None:
        """Writes a line of the journal, once all that it speaks of is written."""
        for name in FILES:
            self._files[name].flush()
        ends = {name: self._files[name].tell() for name in FILES}
        self._files[JOURNAL].write(json.dumps({**line, "ends": ends}).encode() + b"\n")
        self._files[JOURNAL].flush()

    def finish(self, empty: bytes) -> None:
        """Gives the output its name, with its fragments and errors; ``empty`` is the footer of a file without rows."""
        if self.form.kind == PARQUET:
            self._files[ROWS].write(joined(self._ends or [(self._files[ROWS].tell(), empty)]))
        self.close(sync=True)
        _moved(self.folder / FRAGMENTS, fragments_of(self.output))
        if self.counts.faulty or self.errors != errors_of(self.output):
            _moved(self.folder / ERRORS, self.errors)
        else:
            self.errors.unlink(missing_ok=True)  # of an output that this one replaces
        os.replace(self.folder / ROWS, self.output)
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self, sync: bool = False) -> None:
        """Closes the files; what is whole can be gone on with, whatever happens to the rest."""
        for file in self._files.values():
            with nullcontext() if sync else suppress(OSError):
                file.flush()
                if sync:
                    os.fsync(file.fileno())
                file.close()
        self._files = {}

    def _taken_back(self) -> None:
        """Undoes the beginning of an end that was broken off."""
        for name, final in ((FRAGMENTS, fragments_of(self.output)), (ERRORS, self.errors)):
            if not (self.folder / name).exists() and final.exists():
                shutil.copyfile(final, self.folder / name)


def _moved(file: Path, to: Path) -> None:
    """Moves a file, whole, also to another disk."""
    try:
        os.replace(file, to)
    except OSError:
        beside = to.with_name(f"{to.name}.partial")
        shutil.copyfile(file, beside)
        os.replace(beside, to)
        file.unlink()


def _whole(content: bytes) -> Iterator[Any]:
    """The lines of a journal that were written to their end."""
    for line in content.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
