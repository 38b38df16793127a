"""The law as one SQL query in DuckDB, from Parquet to Parquet.

From the file that `reasoner batch` reads, and from a flat one that suits a database better.
"""

from __future__ import annotations

import sys
from pathlib import Path

QUERY = Path(__file__).with_name("rules.sql")


def nested(file: Path) -> str:
    """The facts of each case out of the nested file; persons, applications and papers each have their place."""
    paper = {
        "passport": "documents[1].handed_in IS DISTINCT FROM 'none'",
        "until": "documents[1].valid_until",
        "paper": "documents[2].handed_in IS DISTINCT FROM 'none'",
        "original": "documents[2].original",
        "legalised_there": "documents[2].legalised_there",
        "legalised_belgium": "documents[2].legalised_belgium",
        "translated": "documents[2].sworn_translation",
        "language": "documents[2].language",
        "medical": "documents[3].handed_in IS DISTINCT FROM 'none'",
        "issued": "documents[3].issued",
        "doctor": "documents[3].accredited_doctor",
        "filed": "filed",
        "lives": "will_live_with_sponsor",
    }
    facts = {
        "assessed": "assessed_on",
        "sponsor_born": "persons[1].born",
        "spouse_born": "persons[2].born",
        "child_born": "persons[3].born",
        "child_single": "persons[3].civil_status = 'single' AND list_contains(persons[3].parents, 'sponsor')",
        "arrived": "persons[1].arrived_in_belgium",
        "asylum": "persons[1].protection.applied",
        "granted": "persons[1].protection.granted",
        "housing": "persons[1].material.housing",
        "insurance": "persons[1].material.insurance",
        "means": "persons[1].material.means",
        "united": "unions[1].concluded",
        "ended": "unions[1].ended",
        **{f"spouse_{name}": f"applications[1].{path}" for name, path in paper.items()},
        **{f"child_{name}": f"applications[2].{path}" for name, path in paper.items()},
    }
    return f"SELECT {', '.join(f'{path} AS {name}' for name, path in facts.items())} FROM '{file}'"


def flat(file: Path) -> str:
    """The facts of each case, as the flat file has them."""
    return f"SELECT * FROM '{file}'"


def run(source: str, output: Path, threads: int) -> None:
    """Decides all cases and writes the outcomes."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute(QUERY.read_text(encoding="utf-8").format(source=source, output=output))


if __name__ == "__main__":
    form, file, output, threads = sys.argv[1:]
    run({"nested": nested, "flat": flat}[form](Path(file)), Path(output), int(threads))
