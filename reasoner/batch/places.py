"""Which files an archive consists of, here or on any storage that fsspec knows."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from reasoner.errors import UsageError

STANDARD_INPUT = "-"
BLOCK = 1024 * 1024  # bytes read at once
CASES, LINES, TABLE, SHEET = "case", "lines", "table", "sheet"
KINDS = {
    **dict.fromkeys((".yaml", ".yml", ".json"), CASES),
    **dict.fromkeys((".jsonl", ".ndjson"), LINES),
    ".parquet": TABLE,
    ".csv": SHEET,
}
PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


class Place(NamedTuple):
    """A file of an archive: its name, what is in it, how it is packed, and its size in bytes (0: not known)."""

    name: str
    kind: str
    packing: str
    size: int
    stamp: str = ""


def places(names: Iterable[str]) -> list[Place]:
    """The files behind names of files and folders, folders in alphabetical order with everything below them.

    Raises UsageError for a name that does not exist, for an ending that says nothing, and for a folder without cases.
    """
    found: list[Place] = []
    for name in names:
        if name == STANDARD_INPUT:
            found.append(Place(name, LINES, "", 0))
        elif is_remote(name):
            found += _remote(name)
        elif Path(name).is_dir():
            found += _listed(name, sorted(path for path in Path(name).rglob("*") if path.is_file()))
        elif Path(name).is_file():
            found.append(_file(name))
        else:
            raise UsageError("batch_no_input", name=name)
    return found


def total(files: Iterable[Place]) -> int:
    """The bytes of some files; 0 when that is not known of one of them."""
    sizes = [place.size for place in files]
    return sum(sizes) if all(sizes) else 0


def _listed(folder: str, paths: Iterable[Path]) -> list[Place]:
    found = [_file(str(path)) for path in paths if kind_of(path.name)[0]]
    if not found:
        raise UsageError("batch_empty_folder", name=folder, names=" ".join(KINDS))
    return found


def _file(name: str) -> Place:
    kind, packing = kind_of(name)
    if not kind:
        raise UsageError("batch_unknown_ending", name=name, names=" ".join(KINDS))
    status = Path(name).stat()
    return Place(name, kind, packing, status.st_size, str(status.st_mtime_ns))


def _remote(name: str) -> Iterator[Place]:
    """Files on other storage; of a folder all that it holds."""
    system, path = filesystem(name)
    if not system.exists(path):
        raise UsageError("batch_no_input", name=name)
    protocol = name.split("://", 1)[0]
    paths = sorted(system.find(path)) if system.isdir(path) else [path]
    known = [found for found in paths if kind_of(found)[0]]
    if not known:
        raise UsageError("batch_unknown_ending", name=name, names=" ".join(KINDS))
    for found in known:
        info = system.info(found)
        stamp = str(info.get("ETag") or info.get("mtime") or info.get("LastModified") or "")
        yield Place(f"{protocol}://{found}", *kind_of(found), int(info.get("size") or 0), stamp)


def kind_of(name: str) -> tuple[str, str]:
    """What a file holds and how it is packed, by its ending."""
    path = PurePosixPath(name.replace(os.sep, "/"))
    packing = PACKED.get(path.suffix.lower(), "")
    ending = PurePosixPath(path.stem).suffix if packing else path.suffix
    kind = KINDS.get(ending.lower(), "")
    return (kind, packing) if not packing or kind in (LINES, SHEET) else ("", "")


def filesystem(name: str) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it. Raises UsageError when there is none such."""
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(name)
    except (ImportError, ValueError) as error:
        raise UsageError("batch_no_storage", name=name, reason=str(error)) from None
    return system, path


def opened(place: Place) -> IO[bytes]:
    """The bytes of a file, as they are stored."""
    if place.name == STANDARD_INPUT:
        import sys

        return sys.stdin.buffer
    return stored(place.name)


def is_remote(name: str) -> bool:
    """Whether a name is an address on storage that fsspec reads."""
    return "://" in name


def is_shared(name: str) -> bool:
    """Whether other processes and machines find the same at an address."""
    return is_remote(name) and not name.startswith("memory:")


def stored(name: str) -> IO[bytes]:
    """The bytes of a file here or elsewhere."""
    if is_remote(name):
        system, path = filesystem(name)
        return io.BufferedReader(system.open(path, "rb"), BLOCK)  # some storage is asked again for each line
    return open(name, "rb")


def exists(name: str) -> bool:
    """Whether there is a file or folder of that name here or elsewhere."""
    if is_remote(name):
        system, path = filesystem(name)
        return bool(system.exists(path))
    return Path(name).exists()


def removed(name: str) -> None:
    """Deletes a file here or elsewhere, if it is there."""
    if not is_remote(name):
        Path(name).unlink(missing_ok=True)
    elif exists(name):
        system, path = filesystem(name)
        system.rm(path)
