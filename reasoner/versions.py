"""Versions of the law by name: a folder, a git revision, either with reforms.

``git:v1.2+examples/reforms/window-six-months`` is the law of the revision v1.2 under that reform. The folder of a
reform alone is the law that comes with the package under it, and ``.`` or any folder with ``encodings/`` and
``facts/`` the law in it.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from reasoner.engine import Engine
from reasoner.errors import UsageError
from reasoner.program import law_root
from reasoner.reform import SHEET
from reasoner.store import cache_folder

PARTS = ("encodings", "facts")
MAIN = Path("encodings", "main.lp")


class Version(NamedTuple):
    """A version of the law: how it was named, its folder and its reforms."""

    name: str
    root: Path
    reforms: tuple[Path, ...]

    def engine(self, cache: Path | None = None) -> Engine:
        """An engine for it."""
        return Engine(self.root, cache, self.reforms)


def law_of(name: str) -> Version:
    """The version of the law with this name: ``FOLDER``, ``git:REVISION`` or ``REVISION``, with ``+FOLDER`` for each
    reform.

    A revision is looked up in the git repository around the working folder. Its law is laid out in the cache folder,
    and found there the next time. Raises :class:`UsageError` when there is no such version.
    """
    base, *reforms = [name] if Path(name).is_dir() else name.split("+")
    if (Path(base) / SHEET).is_file():
        return Version(name, law_root(), tuple(map(Path, (base, *reforms))))
    if not base.startswith("git:") and (Path(base) / MAIN).is_file():
        root = Path(base)
    else:
        root = _revision(base.removeprefix("git:"), named=base.startswith("git:"))
    return Version(name, root, tuple(map(Path, reforms)))


def _revision(name: str, named: bool) -> Path:
    """The folder with the law of a git revision; ``named`` when it was called one."""
    if shutil.which("git") is None:
        raise UsageError("no_git" if named else "unknown_version", name=name)
    top = _git("rev-parse", "--show-toplevel")
    if top is None:
        raise UsageError("no_checkout" if named else "unknown_version", name=name)
    checkout = os.fsdecode(top.strip())
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}") if name else None
    if commit is None:
        raise UsageError("unknown_version", name=name, suggestion=_similar(name))
    place = cache_folder() / f"law-git-{commit.decode().strip()}"
    if not (place / MAIN).is_file():
        archive = _git("-C", checkout, "archive", "--format=tar", commit.decode().strip(), *PARTS)
        if archive is None:
            raise UsageError("no_law_in_revision", name=name)
        place = _unpacked(archive, place)
    return place


def _git(*words: str) -> bytes | None:
    """What git prints, or None when it fails."""
    done = subprocess.run(["git", *words], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else None


def _similar(name: str) -> str:
    refs = _git("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags") or b""
    near = get_close_matches(name, refs.decode(errors="replace").split(), 1)
    return f"git:{near[0]}" if near else ""


def _unpacked(archive: bytes, place: Path) -> Path:
    """Lays an archive out at ``place``, whole or not at all; in a temporary folder where that cannot be written."""
    import tarfile

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=place.parent))
    except OSError:
        temporary = place = Path(tempfile.mkdtemp())
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(temporary, filter="data")
    if temporary != place:
        try:
            os.replace(temporary, place)
        except OSError:  # another process was quicker
            shutil.rmtree(temporary, ignore_errors=True)
    return place
