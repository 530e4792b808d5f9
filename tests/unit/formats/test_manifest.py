"""JSON documents keep every byte but the one value."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import BLOCKED
from release.formats.manifest import ManifestError, value_at, with_value

FILE = "apps/cms/package.json"
VERSION = ("version",)

keys = st.text(max_size=6)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, tuple[str, ...], dict[str, Any], str]:
    """A document as bytes in some layout, the path of a string in it, its value, and the string."""
    path = tuple(draw(st.lists(keys, min_size=1, max_size=4)))
    old = draw(st.text(max_size=8))
    value: Any = old
    for key in reversed(path):
        members = [(k, v) for k, v in draw(st.dictionaries(keys, values, max_size=3)).items() if k != key]
        members.insert(draw(st.integers(0, len(members))), (key, value))
        value = dict(members)
    indent = draw(st.sampled_from([None, 0, 2, "\t"]))
    text = json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())) + draw(
        st.sampled_from(["", "\n", " \n\n"])
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    raw = text.encode(errors="surrogatepass")
    mark = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return mark + raw, path, value, old


def changed(document: Any, path: tuple[str, ...], value: str) -> Any:  # noqa: ANN401 - any JSON
    if not path:
        return value
    return {
        key: changed(inner, path[1:], value) if key == path[0] else inner for key, inner in document.items()
    }


@given(documents(), st.text(max_size=8))
def test_only_the_value_differs_and_every_byte_around_it_is_kept(
    document: tuple[bytes, tuple[str, ...], dict[str, Any], str], new: str
) -> None:
    text, path, before, old = document
    assert value_at(text, path, FILE) == old
    after = with_value(text, path, new, FILE)
    assert value_at(after, path, FILE) == new
    loaded = json.loads(after.decode("utf-8-sig"))
    assert loaded == changed(before, path, new)
    assert json.dumps(loaded) == json.dumps(changed(before, path, new))  # the order of the keys too
    head = len(after) - len(after.lstrip())
    assert after[:head] == text[:head]
    if old != new:
        cut = json.dumps(new).encode()
        assert any(
            text.startswith(after[:at]) and text.endswith(after[at + len(cut) :])
            for at in range(len(after))
            if after.startswith(cut, at)
        )


@given(documents(), st.text(max_size=8))
def test_changing_there_and_back_gives_the_same_document_again(
    document: tuple[bytes, tuple[str, ...], dict[str, Any], str], new: str
) -> None:
    text, path, _, old = document
    once = with_value(text, path, old, FILE)
    assert once == text
    there = with_value(text, path, new, FILE)
    assert with_value(with_value(there, path, old, FILE), path, new, FILE) == there


def test_a_windows_file_with_a_mark_and_no_final_newline_keeps_both() -> None:
    text = b'\xef\xbb\xbf{\r\n\t"name": "c\\u006ds",\r\n\t"version" :  "1.2.3" }'
    assert with_value(text, VERSION, "1.2.4", FILE) == text.replace(b"1.2.3", b"1.2.4")


def test_a_lockfile_entry_is_found_by_its_path_and_not_by_its_text() -> None:
    text = b'{"version": "1.2.3", "packages": {"": {"version": "1.2.3"}, "apps/cms": {"version": "1.2.3"}}}'
    after = with_value(text, ("packages", "apps/cms", "version"), "1.2.4", FILE)
    assert (
        after
        == b'{"version": "1.2.3", "packages": {"": {"version": "1.2.3"}, "apps/cms": {"version": "1.2.4"}}}'
    )


def test_an_escaped_key_is_the_key_that_it_spells() -> None:
    assert value_at(b'{"\\u0076ersion": "1.0.0"}', VERSION, FILE) == "1.0.0"


def test_numbers_that_python_would_not_convert_are_left_alone() -> None:
    text = b'{"n": ' + b"9" * 5000 + b', "f": 1.10e+02, "version": "1.0.0"}'
    assert with_value(text, VERSION, "1.0.1", FILE) == text.replace(b"1.0.0", b"1.0.1")


def test_the_document_itself_may_be_the_string() -> None:
    assert with_value(b' "a"\n', (), "b", FILE) == b' "b"\n'


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        (b"", 1, 1, "not JSON"),
        (b'{\n  "version": 1.2.3\n}', 2, 17, "not JSON"),
        (b'{\n "version": "1.0.0" "a"}', 2, 21, "not JSON"),
        (b'{"version": "1.0.0"} x', 1, 22, "not JSON: Extra data"),
        (b'{"version": "1.0.0", "a": "NaN", "b": NaN}', 1, 39, "not JSON: NaN"),
        (b'{"version": -Infinity}', 1, 13, "not JSON: -Infinity"),
        (b'{"version": "1.0\n.0"}', 1, 17, "not JSON: Invalid control character"),
        (b'{"a": "\xc3\xa4",\n "b": "\xff"}', 2, 8, "not UTF-8: byte 0xff"),
        (b'{"v": "\xed\xa0\x80"}', 1, 8, "not UTF-8"),
        ('{"version": "1.0.0"}'.encode("utf-16"), 1, 1, "not UTF-8"),
        (b'{\n "name": "cms"\n}', 1, 1, 'the document has no key "version"'),
        (b'{"version": 1}', 1, 13, "expected a string, found 1"),
        (b'{"version": {"a": 1}}', 1, 13, "expected a string, found {"),
        (b'{"version": null}', 1, 13, "expected a string, found null"),
        (b'{"version": "1.0.0",\n"version": "1.0.1"}', 2, 12, 'has the key "version" 2 times'),
        (b'["version"]', 1, 1, "expected the document to be an object"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_its_place(
    text: bytes, line: int, column: int, problem: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        with_value(text, VERSION, "9.9.9", FILE)
    error = caught.value
    assert (error.file, error.line, error.column) == (FILE, line, column)
    assert problem in error.problem
    assert str(error).startswith(f"{FILE}:{line}:{column}: ")
    assert error.exit_code == BLOCKED


def test_a_missing_inner_key_names_its_parent() -> None:
    with pytest.raises(ManifestError, match='packages has no key "apps/cms"'):
        value_at(b'{"packages": {}}', ("packages", "apps/cms", "version"), FILE)
    with pytest.raises(ManifestError, match=r"expected packages\.apps/cms to be an object"):
        value_at(b'{"packages": {"apps/cms": "x"}}', ("packages", "apps/cms", "version"), FILE)


def test_a_duplicate_beside_the_path_is_none_of_our_business() -> None:
    assert value_at(b'{"a": 1, "a": 2, "version": "1.0.0"}', VERSION, FILE) == "1.0.0"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_document_nested_too_deep_is_refused_with_the_place(opening: bytes) -> None:
    depth = sys.getrecursionlimit() * 100
    closing = b"]" if opening == b"[" else b"}"
    text = b'{"s": "[[[\\"[",\n"version": "1.0.0", "x": ' + opening * depth + b"1" + closing * depth + b"}"
    with pytest.raises(ManifestError, match="nested too deep") as caught:
        value_at(text, VERSION, FILE)
    assert (caught.value.line, caught.value.column) == (2, 26 + len(opening) * (depth - 1))
