"""What wrangler makes for a binding without an id gets one that follows from its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.cloud_account import opened

if TYPE_CHECKING:
    from pathlib import Path


def test_a_namespace_has_the_same_id_whenever_it_is_made(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as account:
        assert account.result("GET", "/storage/kv/namespaces") == []
        made = [
            account.result("POST", "/storage/kv/namespaces", json={"title": title})
            for title in ("a", "a", "b")
        ]
    assert made[0] == made[1]
    assert made[0]["id"] != made[2]["id"]
    assert made[0]["title"] == "a"


def test_a_bucket_is_made_under_its_name(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as account:
        assert account.result("GET", "/r2/buckets") == {"buckets": []}
        assert account.result("POST", "/r2/buckets", json={"name": "files"})["name"] == "files"
