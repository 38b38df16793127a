"""Laws and ground programs, kept in memory and on disk so that each is parsed or ground only once."""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoner.errors import RulesError
from reasoner.ground import GroundProgram, Shape, ground
from reasoner.program import Law, Source, digest_of, law_files, law_from_data, law_root, parse

if TYPE_CHECKING:
    from reasoner.reform import Reform

FORMAT = 9  # of what is stored; raise it when that changes


class Store:
    """The law under ``root``, with its reforms, and its ground programs; a cache folder that cannot be written is done
    without.

    ``notice`` is called before a shape is ground, which takes a moment. Raises as :func:`reasoner.reform.read` does.
    """

    def __init__(
        self, root: Path | None = None, folder: Path | None = None, reforms: Sequence[str | Path | Reform] = ()
    ) -> None:
        self.notice: Callable[[], object] = lambda: None
        self.root = root or law_root()
        self.folder = folder or cache_folder()
        self.reforms: tuple[Reform, ...] = ()
        if reforms:
            from reasoner.reform import read_all

            self.reforms = read_all(reforms)
        self._programs: dict[Shape, GroundProgram] = {}

    @cached_property
    def digest(self) -> str:
        """Digest of the law files, and of the reforms, as they are now."""
        return digest_of(self.root, law_files(self.root), self.reforms)

    @cached_property
    def _stored(self) -> dict[str, Any]:
        data = self._load(f"law-{self.digest}")
        if data is None:
            data = {"law": self.source.law.as_data(), "text": self.source.text, "shown": self.source.shown}
            self.digest = self.source.law.digest  # another one if a file was changed while it was read
            self._save(f"law-{self.digest}", data)
        return data  # type: ignore[no-any-return]

    @cached_property
    def law(self) -> Law:
        """The law, read from the cache when this version of it was parsed before."""
        return law_from_data(self._stored["law"], self.reforms)

    @cached_property
    def source(self) -> Source:
        """The law, parsed. Raises :class:`RulesError` naming file and line."""
        return parse(self.root, self.reforms)

    def program(self, shape: Shape) -> GroundProgram:
        """The ground program of a shape. Raises :class:`RulesError` naming file and line when the law is broken."""
        found = self._programs.get(shape)
        if found is None:
            name = "ground-" + sha256(f"{self.digest}\n{shape!r}".encode()).hexdigest()
            data = self._load(name)
            found = GroundProgram(*data) if data is not None else self._ground(shape)
            if data is None:
                self._save(name, tuple(vars(found)[field] for field in GroundProgram.__dataclass_fields__))
            self._programs[shape] = found
        return found

    def _ground(self, shape: Shape) -> GroundProgram:
        self.notice()
        try:
            return ground(self._stored["text"], self._stored["shown"], shape)
        except RulesError:
            # The text grounds faster than parsed statements, but only these know where in the files they stand.
            return ground(self.source.statements, self.source.shown, shape)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.{FORMAT}.bin"

    def _load(self, name: str) -> Any:
        """What was stored, or None; a file that is not as it was written counts as none."""
        try:
            content = memoryview(self._path(name).read_bytes())
            return marshal.loads(content[32:]) if sha256(content[32:]).digest() == content[:32] else None
        except (OSError, ValueError, EOFError, TypeError):
            return None

    def _save(self, name: str, data: Any) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                content = marshal.dumps(data)
                file.write(sha256(content).digest() + content)
            os.replace(temporary, self._path(name))  # readers see the old file or the whole new one
        except OSError:
            return


def cache_folder() -> Path:
    """Where ground programs are kept: ``$REASONER_CACHE``, else ``reasoner`` under the user's cache folder."""
    if own := os.environ.get("REASONER_CACHE"):
        return Path(own)
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "reasoner" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reasoner"
