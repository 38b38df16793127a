"""What decides a chunk of cases, seen from outside: cases in, one row per person and route out.

Two do: one asks the engine case by case, and the columnar one evaluates all cases of a shape at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa


class Fault(NamedTuple):
    """Something wrong with a case: its row in the chunk, the path inside the case, and the fault by code and values."""

    row: int
    path: str
    code: str
    values: Mapping[str, str]
    message: str


class Stretch(NamedTuple):
    """Cases that follow each other in a file: the row of the first in the chunk, the file, and its place there.

    ``line`` counts lines, rows or, in a file that is one case, is 0.
    """

    row: int
    file: str
    line: int


@dataclass(eq=False, repr=False)
class Chunk:
    """Cases that are decided together: JSON documents, or a table of nested case columns."""

    rows: Sequence[bytes] | pa.Table
    origin: tuple[Stretch, ...] = (Stretch(0, "", 1),)

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, rows: Any) -> Chunk:
        """Some of the cases; where they stand is left behind."""
        found: Any = self.rows
        return Chunk([found[row] for row in rows] if isinstance(found, list | tuple) else found.take(rows))

    def place(self, row: int) -> tuple[str, int]:
        """The file of a row and its line or row in it."""
        stretch = self.origin[bisect_right(self.origin, row, key=lambda stretch: stretch.row) - 1]
        return stretch.file, stretch.line and stretch.line + row - stretch.row


def schema() -> pa.Schema:
    """The columns of the results.

    ``person`` and ``people`` (``p1`` first) are ids of the case file. ``failing`` are the conditions that are not met;
    ``missing`` and ``defective`` the required documents in that state; ``distances`` how far each failing condition
    is from holding, where that can be measured. ``provisions`` carry the result: those of the failing conditions, or
    of all conditions where none fails, and of what else decides. ``fragment`` refers to the reasons of the result,
    ``conditions`` and ``documents`` to those of each of its parts, in the order of the law.
    """
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    distance = pa.struct(
        [("condition", word), ("unit", word), ("amount", pa.int32()), ("on", pa.date32()), ("limit", pa.date32())]
    )
    deadline = pa.struct([("id", word), ("date", pa.date32()), ("time", pa.string())])
    return pa.schema(
        [
            ("case_row", pa.int64()),
            ("person", word),
            ("route", word),
            ("result", word),
            ("file", word),
            ("applied_on", pa.date32()),
            ("failing", pa.list_(word)),
            ("missing", pa.list_(word)),
            ("defective", pa.list_(word)),
            ("distances", pa.list_(distance)),
            ("deadlines", pa.list_(deadline)),
            ("depends_on", pa.list_(pa.string())),
            ("provisions", pa.list_(word)),
            ("conditions", pa.list_(pa.int64())),
            ("documents", pa.list_(pa.int64())),
            ("fragment", pa.int64()),
            ("people", pa.list_(word)),
        ]
    )


@dataclass(eq=False, repr=False)
class Results:
    """The decisions of a chunk.

    ``table`` has one row per person and route: case by case, the persons in the order of the case file, the routes in
    that of the law (working out their ranks would cost more than deciding them). ``fragments`` are the explanations it
    refers to that were not given before, as JSON by their content-derived number, the same in every process; ``open``
    counts the cases that were left to the engine, one by one.
    """

    table: pa.Table
    fragments: Mapping[int, bytes] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    open: int = 0


def case_schema() -> pa.Schema:
    """The columns of a table of cases: the case file, key by key.

    ``persons`` is a list whose items carry their ``id``; ``kin`` and ``readings`` are maps. A null is a key that is
    left out; what is said to be unknown is the word ``unknown``. Truths are ``yes``, ``no`` or ``unknown``, dates text
    as in a case file. A reader also takes booleans for truths and dates for dates.
    """
    import pyarrow as pa

    from reasoner.case_model import Case

    return pa.schema(list(_fields(Case, pa)))


def _fields(model: Any, pa: Any) -> Any:
    for name, info in model.model_fields.items():
        yield pa.field(info.alias or name, _arrow(info, pa))


def _arrow(info: Any, pa: Any) -> Any:
    from typing import get_args, get_origin

    from pydantic import BaseModel

    from reasoner.case_values import Scalar

    parts: list[Any] = []

    def walk(part: Any) -> None:
        parts.append(part)
        for inner in (*get_args(part), *getattr(part, "__metadata__", ())):
            walk(inner)

    walk(info.annotation)
    parts += info.metadata
    model = next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
    mapped = any(get_origin(part) is dict for part in parts)
    listed = any(get_origin(part) is tuple for part in parts)
    number = any(isinstance(part, Scalar) and "integer" in part.schema.get("type", ()) and "minimum" in part.schema
                 and part.schema["minimum"] < 1900 for part in parts)  # fmt: skip
    if model is not None:
        fields = list(_fields(model, pa))
        return (
            pa.list_(pa.struct([pa.field("id", pa.string()), *fields]))
            if mapped
            else (pa.list_(pa.struct(fields)) if listed else pa.struct(fields))
        )
    if mapped:
        return pa.map_(pa.string(), pa.string())
    if listed:
        return pa.list_(pa.string())
    return pa.int32() if number else pa.string()
