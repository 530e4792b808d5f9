"""A build's generated configuration is compared with the plan before anything is uploaded; a shell script plays Node."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from release.config import Worker
from release.errors import EffectError
from release.model.release import Release
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = Release("shop", "production", "b" * 40, None, None, "1.2.4", "v1.2.4", "c" * 40)
PLAYED = """#!/bin/sh
[ "$1" = --version ] && echo v24.0.0 && exit
{ echo "$*"; echo "CLOUDFLARE_ENV=${CLOUDFLARE_ENV-unset}"; } > "$CALLS"
echo '{"type":"deploy","version_id":"v1"}' >> "$WRANGLER_OUTPUT_FILE_PATH"
"""
D1 = {"binding": "DB", "database_name": "shop-production", "database_id": "id-1"}
SOURCE = {
    "name": "shop",
    "env": {"production": {"d1_databases": [D1], "vars": {"MODE": "live"}}, "staging": {}},
}
GENERATED = {"name": "shop-production", "d1_databases": [D1], "vars": {"MODE": "live"}}


class Shop:
    """A repository with one worker; `build` copies what a build tool would generate."""

    def __init__(
        self, root: Path, source: object = SOURCE, generated: object = None, version: str = "4.100.0"
    ) -> None:
        self.root, self.calls = root, root / "calls"
        self.write("apps/shop/node_modules/wrangler/wrangler-dist/cli.js", "")
        self.write("apps/shop/node_modules/wrangler/package.json", {"version": version})
        self.write("bin/node", PLAYED).chmod(0o755)
        self.write("apps/shop/wrangler.json", source)
        self.worker = Worker(name="shop", path="apps/shop", script="shop-production")
        if generated is not None:
            self.write("apps/shop/made.json", generated)
            redirect = '{"configPath": "../../dist/shop/wrangler.json"}'
            build = (
                f"mkdir -p .wrangler/deploy dist/shop; cp made.json dist/shop/wrangler.json; "
                f"printf '%s' '{redirect}' > .wrangler/deploy/config.json; "
                f'echo "${{CLOUDFLARE_ENV-unset}}" > {root}/built'
            )
            self.worker = self.but(build=("sh", "-c", build))

    def but(self, **changes: object) -> Worker:
        """The worker with other settings."""
        return msgspec.structs.replace(self.worker, **changes)

    def write(self, name: str, content: object) -> Path:
        """A file; what is no text as JSON."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def deploy(self, environment: str = "production", uuid: str | None = "id-1", **more: str) -> list[str]:
        """What wrangler was called with, and its CLOUDFLARE_ENV."""
        environ = {
            "PATH": f"{self.root}/bin{os.pathsep}{os.environ['PATH']}",
            "CALLS": str(self.calls),
            **more,
        }
        bound = {"shop-production": uuid}
        wrangler = Wrangler(self.root, environ, Mask.of({}))
        if self.worker.build:
            wrangler.build(self.worker, environment, lambda _: None)
        wrangler.deploy(self.worker, environment, RELEASE, "was", lambda _: None, bound)
        words, chosen = self.calls.read_text().splitlines()
        return [words.partition("cli.js ")[2].partition(" --tag")[0], chosen]


def test_a_build_gets_the_environment_and_a_generated_file_takes_no_option(tmp_path: Path) -> None:
    shop = Shop(tmp_path, generated=GENERATED)
    assert shop.deploy() == ["deploy", "CLOUDFLARE_ENV=unset"]
    assert (tmp_path / "built").read_text() == "production\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "shop"}, 'it deploys the script "shop", and the plan "shop-production"'),
        ({"d1_databases": []}, "it binds no D1 database, and the plan shop-production"),
        (
            {"d1_databases": [{**D1, "database_name": "shop-dev"}]},
            "it binds the D1 database shop-dev, and the plan shop-production",
        ),
        ({"d1_databases": [{**D1, "database_id": "id-2"}]}, "with the id id-2, and the plan has id-1"),
        ({"vars": {}}, "it lacks MODE"),
        ({"targetEnvironment": "staging"}, "it is of the environment staging, and the plan of production"),
    ],
)
def test_a_build_for_another_place_is_not_uploaded(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    shop = Shop(tmp_path, generated={**GENERATED, **changed})
    with pytest.raises(EffectError) as raised:
        shop.deploy()
    assert said in raised.value.what
    assert "CLOUDFLARE_ENV=production" in raised.value.advice
    assert not shop.calls.exists()


def test_a_build_for_another_account_is_not_uploaded(tmp_path: Path) -> None:
    shop = Shop(tmp_path, generated={**GENERATED, "account_id": "one"})
    with pytest.raises(EffectError, match="it is of the account one, and the plan of two"):
        shop.deploy(CLOUDFLARE_ACCOUNT_ID="two")
    assert not shop.calls.exists()


def test_a_database_without_an_id_is_known_by_its_name(tmp_path: Path) -> None:
    unnamed = {"binding": "DB", "database_name": "shop-production"}
    shop = Shop(tmp_path, generated={**GENERATED, "d1_databases": [unnamed]})
    assert shop.deploy()[0] == "deploy"


TOP = {"name": "shop-production", "d1_databases": [D1]}


@pytest.mark.parametrize(
    ("source", "version", "words"),
    [
        (TOP, "4.100.0", "deploy"),
        ({**TOP, "env": {"staging": {}}}, "4.100.0", "deploy --env="),
        ({**TOP, "env": {"staging": {}}}, "4.7.0", "deploy"),
    ],
)
def test_the_top_level_is_deployed_without_an_environment(
    tmp_path: Path, source: object, version: str, words: str
) -> None:
    shop = Shop(tmp_path, source=source, version=version)
    assert shop.deploy("", CLOUDFLARE_ENV="staging") == [words, "CLOUDFLARE_ENV=unset"]


def test_another_file_is_handed_to_wrangler(tmp_path: Path) -> None:
    shop = Shop(tmp_path, source={"name": "shop-dev"})
    shop.write("apps/shop/wrangler.production.json", TOP)
    shop.worker = shop.but(config="wrangler.production.json")
    assert shop.deploy("")[0] == "deploy --config wrangler.production.json"


def test_a_redirection_to_nothing_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("apps/shop/.wrangler/deploy/config.json", {"configPath": "../../dist/wrangler.json"})
    with pytest.raises(EffectError, match=r"apps/shop/dist/wrangler\.json cannot be read"):
        shop.deploy()
