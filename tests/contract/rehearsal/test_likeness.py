"""A stage that starts from what production really holds, read by a token that cannot write."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import httpx
import pytest

from release.config import load
from release.errors import CannotReadError, EffectError, UsageError
from release.rehearsal import likeness_on_stage
from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from release.rehearsal.cloud.server import Cloud
from release.rehearsal.cloud.statements import Statement, split
from release.rehearsal.likeness import Bound, Likeness, read
from release.rehearsal.own_secrets import ask_for_required, chosen, dev_vars, of_stage
from release.systems.cloudflare.api import Cloudflare
from release.systems.web.http import Http
from tests.contract.cloud_account import bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double

READER = "reads-alone"
CMS = "double-cms-production"
DATABASE = "double-production"
TREE = """
CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT, photo BLOB);
CREATE TABLE posts (id INTEGER PRIMARY KEY AUTOINCREMENT, author INTEGER REFERENCES authors(id), title TEXT);
CREATE TABLE comments (post INTEGER REFERENCES posts(id), said TEXT);
CREATE VIRTUAL TABLE found USING fts5(title);
CREATE INDEX by_title ON posts(title);
CREATE TRIGGER counted AFTER INSERT ON posts BEGIN INSERT INTO comments VALUES (new.id, 'made'); END;
INSERT INTO authors VALUES (1, 'Ann''s', x'00ff'), (2, 'Bob', NULL), (3, 'Cy', NULL);
INSERT INTO posts(author, title) VALUES (3, 'by Cy'), (1, 'by Ann'), (2, 'by Bob');
INSERT INTO found VALUES ('by Ann');
"""


def run(cloud: Cloud, sql: str, name: str = DATABASE) -> list[dict[str, object]]:
    uuid = next(one.uuid for one in cloud.account.databases.values() if one.name == name)
    results = cloud.runtime.d1(uuid, [Statement(one) for one in split(sql)])
    return [dict(row) for row in results[-1].rows]


def reading(double: Double) -> dict[str, str]:
    """The environment of somebody whose token only reads."""
    double.cloud.api.read_tokens.add(READER)
    return {**double.environ, "CLOUDFLARE_API_TOKEN": READER}


def likeness(double: Double, rows: int = 0) -> Likeness:
    return read(load(double.root), "production", reading(double), rows, lambda _: None)


def bound_with(secret: str) -> Bound:
    return Bound(CMS, "cms-v1.2.3", ({"type": "secret_text", "name": secret},))


@pytest.fixture
def stage(double: Double, tmp_path: Path) -> Iterator[Cloud]:
    """A cloud in which the last release is live, as a stage has it, and no secret and no row."""
    with Cloud("stage", "t0ken", tmp_path / "stage", MemoryRuntime()) as cloud:
        for database in double.cloud.account.databases.values():
            cloud.add_database(database.uuid, database.name)
        run(cloud, "CREATE TABLE old (a)")
        client = httpx.Client(headers={"Authorization": "Bearer t0ken"}, trust_env=False, verify=False)
        with client:
            path = f"{cloud.base_url}/accounts/stage/workers/scripts/{CMS}"
            assert client.put(path, files=bundle()).is_success
        yield cloud


def test_reading_writes_nothing_and_its_token_cannot(double: Double) -> None:
    run(double.cloud, TREE)
    before = double.cloud.log, double.cloud.account
    found = likeness(double, rows=2)
    assert [one.name for one in found.databases] == [DATABASE]
    assert (double.cloud.log, double.cloud.account) == before
    http = Http(attempts=1)
    try:
        with pytest.raises(EffectError):
            Cloudflare(http, reading(double)).deploy_version(CMS, "any", "no")
    finally:
        http.close()
    assert double.cloud.log == before[0]


def test_every_request_is_a_get_or_one_select_that_is_bounded(double: Double) -> None:
    run(double.cloud, TREE)
    seen: list[tuple[str, str, str]] = []
    environ = reading(double)
    double.cloud.before = lambda request: seen.append(
        (request.method, request.path.rpartition("/")[2], request.get_data(as_text=True))
    )
    read(load(double.root), "production", environ, 2, lambda _: None)
    asked = [body for method, _, body in seen if method != "GET"]
    assert {(method, last) for method, last, _ in seen if method != "GET"} == {("POST", "query")}
    assert all(" LIMIT 2" in one for one in asked if "quote(" in one)
    assert sum("quote(" in one for one in asked) > 3


def test_a_stage_has_the_real_schema_and_ledger_and_no_rows_where_none_are_asked_for(
    double: Double, stage: Cloud
) -> None:
    run(double.cloud, TREE)
    (said,) = (line for line in likeness_on_stage.lay(stage, likeness(double)) if DATABASE in line)
    assert said == f"{DATABASE} has its real schema and ledger, and 0 of its rows"
    schema = "SELECT name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY name"
    assert run(stage, schema) == run(double.cloud, schema)
    ledger = "SELECT name FROM d1_migrations ORDER BY id"
    assert run(stage, ledger) == run(double.cloud, ledger)
    assert run(stage, "SELECT * FROM posts") == []


def test_rows_are_as_many_as_were_asked_for_and_none_whose_parent_was_not_read(
    double: Double, stage: Cloud
) -> None:
    run(double.cloud, TREE)
    said = likeness_on_stage.lay(stage, likeness(double, rows=2))
    assert run(stage, "SELECT id, name, hex(photo) AS photo FROM authors") == [
        {"id": 1, "name": "Ann's", "photo": "00FF"},
        {"id": 2, "name": "Bob", "photo": ""},
    ]
    assert run(stage, "SELECT title FROM posts") == [
        {"title": "by Ann"}
    ]  # Cy, who wrote the other one, was not read
    assert run(stage, "SELECT post FROM comments") == [{"post": 2}]
    assert run(stage, "SELECT title FROM found") == [{"title": "by Ann"}]
    assert any("2 left out whose foreign keys lead to rows that were not read" in line for line in said)


def test_a_stage_binds_what_production_binds_with_dummies_for_secrets_and_says_so(
    double: Double, stage: Cloud
) -> None:
    account = f"{double.cloud.base_url}/accounts/{double.cloud.account_id}/workers/scripts/{CMS}"
    with httpx.Client(trust_env=False, verify=False) as client:
        client.headers["Authorization"] = f"Bearer {double.cloud.token}"
        assert client.put(
            f"{account}/secrets", json={"name": "KEY", "text": "s3cret", "type": "secret_text"}
        ).is_success
    found = likeness(double)
    assert "s3cret" not in repr(found)
    like = chosen(load(double.root), found, None)
    assert of_stage(load(double.root), like)[1] == (f"KEY of {CMS}",)
    likeness_on_stage.lay(stage, like)
    script = stage.account.scripts[CMS]
    secret = {"type": "secret_text", "name": "KEY", "text": "rehearsal-dummy-KEY"}
    assert secret in script.versions[-1].bindings
    assert len(script.versions) == 1


def test_a_secret_is_asked_for_by_name_once(double: Double) -> None:
    config, asked = load(double.root), []
    found = Likeness("production", scripts=(bound_with("KEY"),))

    def ask(question: str) -> str:
        asked.append(question)
        return "typed"

    for _ in range(2):
        assert chosen(config, found, ask).secrets == {CMS: {"KEY": "typed"}}
    assert asked == [f"Secret KEY of {CMS}, for rehearsals on this machine (Enter for a dummy): "]
    kept = double.root / ".release" / "rehearsal" / "secrets.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_secret_comes_from_dev_vars_and_is_not_asked_for(double: Double) -> None:
    config = load(double.root)
    folder = double.root / config.worker("cms").path
    (folder / ".dev.vars").write_text("# ours\nexport KEY='from a file'\nOTHER=a # comment\nTEXT=\"a\\nb\"\n")
    values = {"KEY": "from a file", "OTHER": "a", "TEXT": "a\nb"}
    assert dev_vars(config, "production") == {CMS: values}
    found = chosen(config, Likeness("production", scripts=(bound_with("KEY"),)), None)
    assert (found.secrets, found.dummies) == ({CMS: {"KEY": "from a file"}}, ())
    (folder / ".dev.vars.production").write_text("KEY=of production\n")
    assert dev_vars(config, "production") == {CMS: {"KEY": "of production"}}


def test_a_token_that_cannot_read_and_none_at_all_are_named(double: Double) -> None:
    config = load(double.root)
    with pytest.raises(CannotReadError, match="refuses the token"):
        read(config, "production", {**double.environ, "CLOUDFLARE_API_TOKEN": "x"}, 0, lambda _: None)
    without = {name: value for name, value in double.environ.items() if name != "CLOUDFLARE_API_TOKEN"}
    with pytest.raises(UsageError, match="CLOUDFLARE_API_TOKEN"):
        read(config, "production", without, 0, lambda _: None)


def needing(double: Double) -> str:
    """Let a wrangler file require a secret; the script in production."""
    needs = {"required": ["NEEDED"]}
    environments = {
        name: {"name": f"double-mcp-{name}", "secrets": needs} for name in ("production", "staging")
    }
    file = double.root / "apps/mcp/wrangler.json"
    file.write_text(json.dumps({"name": "double-mcp", "main": "worker.js", "env": environments}))
    return "double-mcp-production"


def test_a_secret_that_a_wrangler_file_requires_is_asked_for_once(double: Double) -> None:
    mcp, asked = needing(double), []

    def ask(question: str) -> str:
        asked.append(question)
        return "typed"

    for _ in range(2):
        ask_for_required(load(double.root), "production", ask)
    assert asked == [f"Secret NEEDED of {mcp}, for rehearsals on this machine (Enter for a dummy): "]
    assert of_stage(load(double.root), None)[0][mcp] == {"NEEDED": "typed"}


def test_a_stage_begins_with_drafts_that_hold_the_secrets_and_a_deploy_keeps_them(
    double: Double, stage: Cloud
) -> None:
    mcp = needing(double)
    secrets, dummies = of_stage(load(double.root), None)
    assert secrets[mcp] == {"NEEDED": "rehearsal-dummy-NEEDED"}
    assert f"NEEDED of {mcp}" in dummies
    said: list[str] = []
    likeness_on_stage.put_secrets(stage, secrets, dummies, said.append)
    assert said == [f"secrets that are dummies here: {', '.join(dummies)}"]
    needed = {"type": "secret_text", "name": "NEEDED", "text": "rehearsal-dummy-NEEDED"}
    with httpx.Client(headers={"Authorization": "Bearer t0ken"}, trust_env=False, verify=False) as client:
        path = f"{stage.base_url}/accounts/stage/workers/scripts/{mcp}"
        form = bundle(bindings=({"type": "inherit", "name": "NEEDED"},))
        assert client.put(path, files=form).is_success
    assert stage.account.scripts[mcp].versions[-1].bindings == (needed,)
