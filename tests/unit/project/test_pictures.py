"""The pictures of docs/architecture.md are what the code is: they cannot go out of date unseen."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest

from tools import pictures

ROOT = Path(__file__).parents[3]
drawn, rooms = cache(pictures.pictures), cache(pictures.rooms)


def test_the_pictures_are_those_that_the_code_makes() -> None:
    stale = [name for name, text in drawn().items() if (ROOT / "docs" / name).read_text() != text]
    assert stale == [], "python -m tools.pictures draws them again"


def test_each_picture_is_well_formed_and_has_a_title() -> None:
    for text in drawn().values():
        title = ET.fromstring(text).find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text


def test_every_folder_and_module_of_the_package_is_a_room() -> None:
    parts = {
        path.stem
        for path in (ROOT / "release").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert {room.name for room in rooms()} == parts - {"__init__"}


def test_every_room_says_what_it_is_in_one_line() -> None:
    assert [room.name for room in rooms() if not room.about.endswith((".", "`."))] == []


def test_a_room_imports_only_rooms_below_it() -> None:
    order = [room.name for room in rooms()]
    for at, room in enumerate(rooms()):
        assert all(order.index(below) > at for below in room.imports), room.name


def test_a_passage_shows_what_its_function_takes_and_gives() -> None:
    observe, decide = pictures.passages(followed=pictures.FOLLOWED[:2])
    assert (observe.takes, observe.gives) == (("Ops",), "World")
    assert decide.takes[0] == observe.gives


def test_a_function_that_is_gone_is_named() -> None:
    with pytest.raises(LookupError, match=r"release\.plan\.plan\.nothing"):
        pictures.passages(followed=("release.plan.plan.nothing",))
