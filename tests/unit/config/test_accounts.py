"""The account that a wrangler file names is the one that is read and written, or the command ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.config import EXAMPLE, load
from release.config.accounts import account_in, require_account
from release.errors import UsageError
from release.rehearsal.wiring import account_for

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

ONE, TWO = "1" * 32, "2" * 32


def of(root: Path, settings: dict[str, object]) -> Config:
    (root / "apps" / "cms").mkdir(parents=True)
    (root / "apps" / "cms" / "wrangler.json").write_text(json.dumps({"name": "cms", **settings}))
    (root / "pyproject.toml").write_text(EXAMPLE)
    return load(root)


@pytest.mark.parametrize(
    ("settings", "account"),
    [
        ({}, None),
        ({"account_id": ONE}, ONE),
        ({"account_id": ONE, "env": {"production": {}}}, ONE),
        ({"account_id": ONE, "env": {"production": {"account_id": TWO}}}, TWO),
        ({"account_id": 3}, None),
    ],
)
def test_it_is_that_of_the_environment_else_of_the_top_level(
    tmp_path: Path, settings: dict[str, object], account: str | None
) -> None:
    assert account_in(of(tmp_path, settings), "production") == account


def test_another_account_than_the_variable_s_is_named_with_both(tmp_path: Path) -> None:
    config = of(tmp_path, {"account_id": ONE})
    require_account(config, "production", {"CLOUDFLARE_ACCOUNT_ID": ONE})
    require_account(config, "production", {})
    with pytest.raises(UsageError) as refused:
        require_account(config, "production", {"CLOUDFLARE_ACCOUNT_ID": TWO})
    said = f"apps/cms/wrangler.json has the account_id {ONE}, and CLOUDFLARE_ACCOUNT_ID is {TWO}"
    assert said in refused.value.what


def test_a_stage_is_the_account_that_wrangler_asks_for(tmp_path: Path) -> None:
    assert account_for(of(tmp_path / "a", {"account_id": ONE})) == ONE
    assert account_for(of(tmp_path / "b", {"account_id": "<YOUR ACCOUNT>"})) != "<YOUR ACCOUNT>"
