"""What a worker's wrangler configuration binds and requires."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.formats.wrangler_config import needs_in, parse

JSONC = b"""{
  // a worker
  "name": "cms",
  "kv_namespaces": [{ "binding": "TOP", "id": "1" }],
  "env": {
    "production": {
      "vars": { "MODE": "live", },
      "d1_databases": [{ "binding": "DB", "database_name": "cms-production" }],
      "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
      "queues": { "producers": [{ "binding": "JOBS", "queue": "jobs" }], "consumers": [{ "queue": "jobs" }] },
      "version_metadata": { "binding": "CF_VERSION" }, /* one table */
      "workflows": [{ "binding": "FLOW", "name": "flow", "class_name": "Flow" }],
      "containers": [{ "name": "box", "class_name": "Box" }],
      "tail_consumers": [{ "service": "logs" }],
      "routes": [{ "pattern": "cms.example.com" }],
      "secrets": { "required": ["SESSION_KEY"] },
    },
  },
}"""


def test_every_kind_of_binding_is_found_by_the_name_that_the_code_uses() -> None:
    found = needs_in(parse("wrangler.jsonc", JSONC), "production")
    assert found.bindings == {"MODE", "DB", "ROOM", "JOBS", "CF_VERSION", "FLOW"}
    assert found.secrets == {"SESSION_KEY"}


def test_an_environment_that_is_not_named_is_the_top_level() -> None:
    assert needs_in(parse("wrangler.jsonc", JSONC), "staging").bindings == {"TOP"}


def test_toml_says_the_same() -> None:
    text = b'name = "cms"\n[env.production]\nvars = { MODE = "live" }\n[[env.production.r2_buckets]]\nbinding = "FILES"\n'
    assert needs_in(parse("wrangler.toml", text), "production").bindings == {"MODE", "FILES"}


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b'{"a" 1}', b"nothing"])
def test_what_is_no_configuration_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse("wrangler.jsonc", text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["vars", "kv_namespaces", "queues", "durable_objects", "ai", "env"]),
        json_values.filter(lambda value: not isinstance(value, int | str)),
    )
)
def test_no_form_of_the_tables_breaks_it(settings: dict[str, object]) -> None:
    try:
        found = needs_in(settings, "production")
    except (TypeError, AttributeError):
        return  # the reader says that it cannot be understood
    assert all(isinstance(name, str) for name in found.bindings)
