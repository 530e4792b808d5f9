"""A single-page app that Vite builds and Hono serves beside, released by the real wrangler: new page, old page, hashed assets."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.contract.cloud_account import miniflare, node, opened
from tests.e2e.wranglers import PINNED, environment, put, wrangler_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.cloud_account import Account

pytestmark = [pytest.mark.rehearsal, pytest.mark.whole]

PACKAGES = ("vite@8.3.8", "hono@4.13.19")
FILES = {
    "package.json": '{ "type": "module" }',
    "index.html": '<!doctype html><title>shop</title><div id="app"></div><script type="module" src="/main.js"></script>',
    "worker.js": """import { Hono } from "hono";
const app = new Hono();
app.get("/api/health", (context) => context.json({ status: "ok", release: RELEASE }));
export default app;""",
    "wrangler.json": json.dumps(
        {
            "name": "cms",
            "main": "worker.js",
            "compatibility_date": "2026-01-01",
            "assets": {
                "directory": "dist",
                "not_found_handling": "single-page-application",
                "run_worker_first": ["/api/*"],
            },
        }
    ),
    "public/_headers": "/assets/*\n  Cache-Control: public, immutable\n",
}
HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


class Shop:
    """The app's folder, its build, and its wrangler."""

    def __init__(self, folder: Path, packages: Path, wrangler: Path, account: Account) -> None:
        self.folder, self.account, self.wrangler = folder, account, wrangler
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (folder / "node_modules").symlink_to(packages / "node_modules")

    def release(self, number: int) -> None:
        """Build by the app's own build and deploy."""
        (self.folder / "main.js").write_text(
            f'document.querySelector("#app").textContent = "release {number}";'
        )
        self._run(self.folder / "node_modules/vite/bin/vite.js", "build")
        program = self.wrangler / "node_modules/wrangler/bin/wrangler.js"
        self._run(program, "deploy", "--define", f"RELEASE:{number}")

    def page(self) -> tuple[str, str]:
        """The address of the page's script, and what it holds."""
        found = re.search(r'src="(/assets/[^"]+)"', self.account.get("/", headers=HTML).text)
        assert found
        return found[1], self.account.get(found[1]).text

    def _run(self, program: Path, *words: str) -> None:
        environ = {**os.environ, **environment(self.account, self.folder), "CI": "1"}
        done = subprocess.run(
            [str(node()), str(program), *words],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_page_and_its_assets_are_the_releases_and_come_back_with_a_rollback(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp().parent
    packages, wrangler = put(base / "vite-and-hono", *PACKAGES), wrangler_of(base, PINNED)
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        shop = Shop(tmp_path / "shop", packages, wrangler, account)
        shop.release(1)
        old, text = shop.page()
        assert "release 1" in text
        assert account.get(old).headers["cache-control"] == "public, immutable"
        shop.release(2)
        new, text = shop.page()
        assert ("release 2" in text, new != old) == (True, True)
        assert account.get("/api/health").json() == {"status": "ok", "release": 2}
        assert account.get("/orders/7", headers=HTML).text == account.get("/", headers=HTML).text
        lost = account.get(
            old
        )  # to a page that was loaded before: as on Cloudflare, only the new version's files are there
        assert "release 1" not in lost.text
        account.serve(account.script("GET", "/versions")["items"][-1]["id"])
        assert shop.page() == (old, account.get(old).text)
        assert "release 1" in account.get(old).text
        assert account.get("/api/health").json()["release"] == 1
