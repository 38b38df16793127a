"""Reading YAML and JSON: plain data with positions, and a fault for everything that is refused."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoner.errors import CaseFileError
from reasoner.yamlfile import MAX_BYTES, MAX_DEPTH, read

FAULTS = {
    "empty text": ("", [(0, "", "file_empty")]),
    "only a comment": ("# nothing\n", [(0, "", "file_empty")]),
    "a null document": ("---\n...\n", [(0, "", "file_empty")]),
    "a list at the top": ("- 1\n", [(1, "", "not_a_mapping")]),
    "a word at the top": ("hello", [(1, "", "not_a_mapping")]),
    "a duplicate key": ("a:\n  b: 1\n  c: 2\n  b: 3\n", [(4, "a.b", "duplicate_key")]),
    "a duplicate key in JSON": ('{"a": 1,\n "a": 2}', [(2, "a", "duplicate_key")]),
    "an anchor and its alias": (
        "a: &x 1\nb:\n  - *x\n",
        [(1, "a", "anchor"), (3, "b[0]", "alias")],
    ),
    "a tag": ("a: !!python/object:os.system x\n", [(1, "a", "tag")]),
    "two documents": ("a: 1\n---\nb: 2\n", [(2, "", "several_documents")]),
    "a list as key": ("a: 1\n[1, 2]: 3\n", [(2, "", "key_not_text")]),
    "an open bracket": ("a: 1\nb: [1, 2\n", [(3, "", "syntax")]),
    "a colon inside text": ("a: 1\nb: c: d\n", [(2, "", "syntax")]),
    "a tab as indentation": ("a:\n\tb: 1\n", [(2, "", "tab_indent")]),
    "a NUL character": ("a: 1\nb: \0\n", [(2, "", "control_character")]),
    "an escape character": ("a: \x1b[31m\n", [(1, "", "control_character")]),
    "a lone surrogate": ("a: \ud800\n", [(1, "", "control_character")]),
    "10,000 open brackets": ("a: " + "[" * 10_000, [(1, "", "too_deep")]),
    "10,000 open braces": ('{"a":' * 10_000, [(1, "", "too_deep")]),
    "10,000 dashes": ("- " * 10_000, [(1, "", "too_deep")]),
    "too much text": ("a: " + "x" * MAX_BYTES, [(0, "", "file_too_large")]),
    "an alias as key": ("a: &x k\n*x : 2\n", [(1, "a", "anchor"), (2, "", "alias")]),
}


def faults_of(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(CaseFileError) as caught:
        read(text=text)
    return [(fault.line, fault.path, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize("name", FAULTS)
def test_a_refused_text_gives_faults_with_line_and_path(name: str) -> None:
    text, expected = FAULTS[name]
    assert faults_of(text) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
        ("1990-06", "1990-06"),
        ("2024-07-12", "2024-07-12"),
        ("2024-03-01T10:00", "2024-03-01T10:00"),
        ("12:30:45", "12:30:45"),
        ("1990", 1990),
        ("-3", -3),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("9" * 5000, "9" * 5000),
        ("1e999", "1e999"),
        ("", None),
        ("~", None),
        ("null", None),
        ("''", ""),
        ("=", "="),
    ],
)
def test_plain_values_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    assert read(text=f"a: {written}\n").data == {"a": value}


def test_every_key_and_item_has_its_position() -> None:
    document = read(text="a:\n  b: {c: 1, d: 2}\n  e:\n    - f\n    - g: 1\n")
    assert document.lines == {
        ("a",): (1, 1),
        ("a", "b"): (2, 3),
        ("a", "b", "c"): (2, 7),
        ("a", "b", "d"): (2, 13),
        ("a", "e"): (3, 3),
        ("a", "e", 0): (4, 7),
        ("a", "e", 1): (5, 7),
        ("a", "e", 1, "g"): (5, 7),
    }
    assert document.position(("a", "b", "x", "y")) == (2, 3)
    assert document.position(("z",)) == (1, 1)


def test_the_deepest_allowed_nesting_is_read() -> None:
    assert read(text="a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).data
    assert faults_of("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH) == [(1, "", "too_deep")]


def test_json_with_tabs_and_escapes_is_read_as_json_reads_it() -> None:
    data = {"a": [1, "é😀", True, None, 1.5], "b": {"c/d": "\\ud83d\\ude00", "e": "x\ty"}}
    for text in (json.dumps(data), json.dumps(data, indent="\t"), json.dumps(data, indent=2)):
        assert read(text=text).data == data
    assert read(text='{"a":1,"b":"c\\/d"}').data == {"a": 1, "b": "c/d"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), json_values, min_size=1))
def test_any_json_equals_what_the_json_module_reads(data: dict[str, object]) -> None:
    assert read(text=json.dumps(data)).data == data


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read(file).data == {"a": 1}


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"a: 1\nb: \xff\n", 2, "not_utf8"),
        ("a: 1\n".encode("utf-16"), 1, "not_utf8"),
        (b"a" * (2 * MAX_BYTES), 0, "file_too_large"),
        (b"\x7fELF\0\0", 1, "control_character"),
        (b"", 0, "file_empty"),
    ],
)
def test_a_file_that_is_not_text_is_refused(tmp_path: Path, content: bytes, line: int, code: str) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(content)
    with pytest.raises(CaseFileError) as caught:
        read(file)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.code) == (str(file), line, code)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    sources: list[tuple[Path | str, str]] = [
        (tmp_path / "nothing.yaml", "file_missing"),
        (tmp_path, "file_directory"),
        (tmp_path / ("x" * 5000), "file_unreadable"),
        ("a\0b", "file_unreadable"),
    ]
    for source, code in sources:
        with pytest.raises(CaseFileError) as caught:
            read(source)
        assert [fault.code for fault in caught.value.faults] == [code]


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a: 1\n")))
    document = read("-")
    assert (document.data, document.name) == ({"a": 1}, "<stdin>")


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("[]{}:-,&*!|>'\"\n\t ?#%@a1\\u", max_size=60).map(str.encode))
def test_no_bytes_raise_anything_but_a_case_file_error(content: bytes) -> None:
    try:
        read(text=content.decode("utf-8", "surrogateescape"))
    except CaseFileError as error:
        assert error.faults and str(error)
