"""A production at the top level of its wrangler files: released, run again, and rolled back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from release.errors import NOTHING, RELEASED
from release.testing import double as opened
from release.testing.monorepo import CONFIG
from tests.contract.commands.rollbacks import back

if TYPE_CHECKING:
    from pathlib import Path


def test_a_production_at_the_top_level_is_released_under_the_names_of_its_files(tmp_path: Path) -> None:
    named = 'script = "double-{}-{{environment}}"\n'
    config = CONFIG.replace(named.format("mcp"), "").replace(named.format("cms"), "")
    config = config.replace('wrangler = "production"', "top_level = true")
    files = {"pyproject.toml": config}
    for name in ("mcp", "cms"):
        staging: dict[str, object] = {"name": f"double-{name}-staging"}
        top: dict[str, object] = {"name": f"double-{name}-production", "env": {"staging": staging}}
        if name == "cms":
            top["d1_databases"] = [{"binding": "DB", "database_name": "double-production"}]
            staging["d1_databases"] = [{"binding": "DB", "database_name": "double-staging"}]
        files[f"apps/{name}/wrangler.json"] = json.dumps(top)
    with opened(tmp_path, overlay=files) as world:
        outcome = world.release("patch")
        assert outcome.exit_code == RELEASED, outcome
        with world.ops() as ops:
            live = [ops.cloudflare.live(f"double-{name}-production") for name in ("mcp", "cms")]
        assert {one.release[0] for one in live if one and one.release} == {"cms-v1.2.4"}
        assert len(live) == len([one for one in live if one and one.release])
        assert world.release("minor").exit_code in {
            RELEASED,
            NOTHING,
        }  # the same commit is not released twice
        assert back(world, despite_migrations=True).exit_code == RELEASED
