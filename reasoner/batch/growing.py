"""Where an output grows until it is complete: files in a folder here, objects in a folder on other storage.

Either keeps notes, each with the bytes that belong to it; killed at any moment, what the last whole note speaks of is
there. Storage of objects cannot append: there, a note and its bytes are one object.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from reasoner.batch.places import BLOCK, filesystem, is_remote
from reasoner.errors import UsageError

JOURNAL = "journal.jsonl"
HEAD = 16 * 1024  # of an object, which most lines are shorter than

Note = dict[str, Any]


class Growth(Protocol):
    """What grows: some parts, such as rows and errors, by a note at a time. A note tells the ``sizes`` of its bytes."""

    def begin(self) -> None:
        """A new one. Raises UsageError when one is growing already."""

    def notes(self) -> list[Note]:
        """The whole notes, in their order."""
        ...

    def keep(self, notes: Sequence[Note]) -> None:
        """Goes on behind the last of these notes; without any, nothing is left."""

    def add(self, note: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
        """The next note, with the bytes that each part grows by."""

    def lines(self, part: str) -> Iterator[bytes]:
        """The lines of a part so far."""
        ...

    def finish(self, parts: Sequence[str], tail: bytes) -> None:
        """Gives these parts their names, in this order, each whole and in one step; ``tail`` ends the last of them."""

    def close(self) -> None:
        """Lets go of it; what is whole can be gone on with."""


def workplace(output: str) -> str:
    """The folder in which an output grows."""
    return f"{output}.partial"


def growth(output: str, names: Mapping[str, str]) -> Growth:
    """What an output grows in, wherever it is; ``names`` are those that its parts are to have in the end."""
    return Objects(output, names) if is_remote(output) else Folder(output, names)


class Folder:
    """Files of this machine, one for each part, that are appended to, and a journal with the notes."""

    def __init__(self, output: str, names: Mapping[str, str]) -> None:
        self.output, self.names, self.folder = output, names, Path(workplace(output))
        self._files: dict[str, IO[bytes]] = {}

    def begin(self) -> None:
        """A new one."""
        try:
            self.folder.mkdir()
        except FileExistsError:
            raise _unfinished(self.output) from None
        self._open()

    def _open(self) -> None:
        self._files = {name: (self.folder / name).open("ab") for name in (*self.names, JOURNAL)}

    def notes(self) -> list[Note]:
        """The whole notes: those whose bytes are there as well."""
        journal, found, ends = self.folder / JOURNAL, list[Note](), dict.fromkeys(self.names, 0)
        if not journal.is_file():
            return []
        self._taken_back()
        for note in _whole(journal.read_bytes()):
            ends = {name: ends[name] + note["sizes"][name] for name in self.names}
            if any(_size(self.folder / name) < ends[name] for name in self.names):
                break  # the journal outlived what it speaks of
            found.append(note)
        return found

    def _taken_back(self) -> None:
        """Undoes the beginning of an end that was broken off."""
        for name, final in list(self.names.items())[:-1]:
            if not (self.folder / name).exists() and not is_remote(final) and Path(final).exists():
                shutil.copyfile(final, self.folder / name)

    def keep(self, notes: Sequence[Note]) -> None:
        """Cuts off what stands behind the last of these notes."""
        if not notes:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        for name in self.names:
            os.truncate(self.folder / name, sum(note["sizes"][name] for note in notes))
        kept = self.folder / f"{JOURNAL}.kept"
        kept.write_bytes(b"".join(map(_line, notes)))
        os.replace(kept, self.folder / JOURNAL)
        self._open()

    def add(self, note: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
        """The next note, written once all that it speaks of is. Raises OSError when the disk is full."""
        for name in self.names:
            self._files[name].write(parts.get(name, b""))
            self._files[name].flush()
        self._files[JOURNAL].write(_line({**note, "sizes": _sizes(self.names, parts)}))
        self._files[JOURNAL].flush()

    def lines(self, part: str) -> Iterator[bytes]:
        """The lines of a part so far."""
        with open(self.folder / part, "rb") as file:
            yield from file

    def finish(self, parts: Sequence[str], tail: bytes) -> None:
        """Gives these parts their names."""
        self._files[parts[-1]].write(tail)
        self._close(sync=True)
        for name in parts:
            _moved(self.folder / name, self.names[name])
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Closes the files, whatever they say to that."""
        with suppress(OSError):
            self._close()

    def _close(self, sync: bool = False) -> None:
        for file in self._files.values():
            with nullcontext() if sync else suppress(OSError):
                file.flush()
                if sync:
                    os.fsync(file.fileno())
                file.close()
        self._files = {}


class Objects:
    """Objects of a storage that fsspec knows: for each note one, which is its line and then the bytes of its parts.

    An object of which less is there than its line says, as a file system may leave one behind, is none.
    """

    def __init__(self, output: str, names: Mapping[str, str]) -> None:
        self.output, self.names = output, names
        self.system, self.folder = filesystem(workplace(output))
        self._known: list[tuple[Note, int]] = []  # each with the bytes of its line

    def begin(self) -> None:
        """A new one."""
        self.system.invalidate_cache()
        if self.system.exists(self.folder):
            raise _unfinished(self.output)
        with suppress(FileExistsError):
            self.system.mkdir(self.folder, create_parents=False)

    def _object(self, number: int) -> str:
        return f"{self.folder}/{_name(number)}"

    def notes(self) -> list[Note]:
        """The whole notes, up to the first object that is not there or not whole."""
        self.system.invalidate_cache()
        found = self.system.find(self.folder, detail=True) if self.system.exists(self.folder) else {}
        sizes = {PurePosixPath(name).name: info["size"] for name, info in found.items()}
        self._known = []
        while (size := sizes.get(_name(len(self._known)))) is not None:
            line = self._line(len(self._known), size)
            try:
                note = json.loads(line)
                whole = len(line) + sum(note["sizes"].values()) == size
            except ValueError:
                break
            if not whole:
                break
            self._known.append((note, len(line)))
        return [note for note, _ in self._known]

    def _line(self, number: int, size: int) -> bytes:
        read, end = b"", 0
        while b"\n" not in read and end < size:
            start, end = end, min(end + HEAD, size)
            read += self.system.cat_file(self._object(number), start=start, end=end)
        line, cut, _ = read.partition(b"\n")
        return bytes(line + cut)

    def keep(self, notes: Sequence[Note]) -> None:
        """Deletes the objects behind the last of these notes."""
        del self._known[len(notes) :]
        if not self.system.exists(self.folder):
            return
        if not notes:
            self.system.rm(self.folder, recursive=True)
            return
        last = _name(len(notes) - 1)
        left = [name for name in self.system.find(self.folder) if PurePosixPath(name).name > last]
        if left:
            self.system.rm(left)

    def add(self, note: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
        """The next note, in one object."""
        told = {**note, "sizes": _sizes(self.names, parts)}
        line = _line(told)
        content = line + b"".join(parts.get(name, b"") for name in self.names)
        self.system.pipe_file(self._object(len(self._known)), content)
        self._known.append((told, len(line)))

    def _blocks(self, part: str) -> Iterator[bytes]:
        """What a part consists of."""
        for number, (note, start) in enumerate(self._known):
            for name, size in note["sizes"].items():
                if name == part and size:
                    yield self.system.cat_file(self._object(number), start=start, end=start + size)
                start += size

    def lines(self, part: str) -> Iterator[bytes]:
        """The lines of a part so far."""
        for block in self._blocks(part):
            yield from block.splitlines(keepends=True)

    def finish(self, parts: Sequence[str], tail: bytes) -> None:
        """Puts these parts together, under other names first."""
        for name in parts:
            ending = [tail] if tail and name == parts[-1] else []
            deliver(chain(self._blocks(name), ending), self.names[name])
        self.system.rm(self.folder, recursive=True)

    def close(self) -> None:
        """Nothing is open."""


def deliver(blocks: Iterable[bytes], to: str) -> None:
    """Writes some bytes to a file, here or elsewhere, that is there whole or not at all.

    They are written under another name. Here, and where files can be moved, that is then changed in one step; a storage
    of objects copies what is complete, and shows the copy when that is.
    """
    beside = f"{to}.tmp"
    if not is_remote(to):
        with open(beside, "wb") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, to)
        return
    system, path = filesystem(to)
    with system.open(f"{path}.tmp", "wb") as file:
        for block in blocks:
            file.write(block)
    system.mv(f"{path}.tmp", path)


def _moved(file: Path, to: str) -> None:
    """Moves a file, whole, also to another disk or storage."""
    try:
        if not is_remote(to):
            os.replace(file, to)
            return
    except OSError:
        pass  # to another disk
    with open(file, "rb") as content:
        deliver(iter(lambda: content.read(BLOCK), b""), to)


def _name(number: int) -> str:
    """That of an object; in the order of their numbers."""
    return f"{number:010d}"


def _sizes(names: Iterable[str], parts: Mapping[str, bytes]) -> dict[str, int]:
    return {name: len(parts.get(name, b"")) for name in names}


def _line(note: Mapping[str, Any]) -> bytes:
    return json.dumps(note, ensure_ascii=False).encode() + b"\n"


def _whole(content: bytes) -> Iterator[Note]:
    """The lines of a journal that were written to their end."""
    for line in content.split(b"\n")[:-1]:
        try:
            note = json.loads(line)
        except ValueError:
            return
        yield note


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _unfinished(output: str) -> UsageError:
    return UsageError("batch_unfinished", name=output, folder=workplace(output))
