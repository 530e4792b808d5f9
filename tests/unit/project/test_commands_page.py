"""The README's table of commands has a row for each of them, and keeps what people wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from invoke.tasks import task

from tools import commands_page

if TYPE_CHECKING:
    from pathlib import Path

    from invoke.context import Context

TABLE = f"# Tool\n\n{commands_page.HEAD}| `inv status [X]` | by hand |\n\nMore: `inv number`.\n"


@task
def status(_: Context) -> None:
    """Show what is live."""


@task
def number(_: Context) -> None:
    """Show the number.

    And more.
    """


def test_a_command_without_a_row_gets_one_from_its_docstring_and_rows_of_people_stay() -> None:
    row = "| `inv number` | show the number |\n"
    assert commands_page.page(TABLE, [status, number]) == TABLE.replace("by hand |\n", f"by hand |\n{row}")


def test_run_again_it_changes_nothing() -> None:
    once = commands_page.page(TABLE, [status, number])
    assert commands_page.page(once, [status, number]) == once


def test_the_readme_has_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = commands_page.PAGE.read_text("utf-8")
    (tmp_path / "README.md").write_text(readme, "utf-8")
    monkeypatch.setattr(commands_page, "PAGE", tmp_path / "README.md")
    commands_page.main()
    assert (tmp_path / "README.md").read_text("utf-8") == readme


def test_a_page_without_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"README\.md has no table that begins \| command \|"):
        commands_page.page("# Tool\n")
