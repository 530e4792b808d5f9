"""No secret gets through, in whatever form it is written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.formats.printable import plain
from release.systems.machine.secrets import Mask, is_secret_name

SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=12, max_size=60
).filter(lambda text: not set(text) <= set("*"))
AROUND = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=7)


@given(SECRETS, AROUND, AROUND)
def test_a_secret_is_replaced_wherever_it_stands(secret: str, before: str, after: str) -> None:
    mask = Mask.of({"API_TOKEN": secret})
    shown = mask(f"{before}{secret}{after}")
    assert secret not in shown
    assert "***" in shown


@given(SECRETS, st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_is_replaced_in_base64_at_each_alignment(secret: str, before: bytes, after: bytes) -> None:
    mask = Mask.of({"API_TOKEN": secret})
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(before + secret.encode() + after).decode()
        assert "***" in mask(text)
        assert len(mask(text)) < len(text) - len(encode(secret.encode())) + 3 + 12  # of three groups at most


@given(SECRETS)
def test_a_secret_is_replaced_in_addresses_and_json(secret: str) -> None:
    mask = Mask.of({"API_TOKEN": secret})
    for form in (quote(secret, safe=""), quote_plus(secret), json.dumps(secret)):
        assert "***" in mask(form)


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "npm_token", "CLOUDFLARE_API_KEY", "DB_PASSWORD", "SESSION_COOKIE", "AWS_SECRET_ID"],
)
def test_a_variable_s_name_says_that_it_is_secret(name: str) -> None:
    assert is_secret_name(name)
    assert Mask.of({name: "hunter22"})("it is hunter22!") == "it is ***!"


@pytest.mark.parametrize("name", ["PATH", "HOME", "CI", "GITHUB_REPOSITORY", "KEYBOARD"])
def test_an_ordinary_variable_is_shown(name: str) -> None:
    assert not is_secret_name(name)
    assert Mask.of({name: "/usr/bin"})("/usr/bin") == "/usr/bin"


@pytest.mark.parametrize("value", ["", "1", "true", "main"])
def test_a_value_too_short_to_be_a_secret_masks_nothing(value: str) -> None:
    assert Mask.of({"API_TOKEN": value})("it is true on main 1") == "it is true on main 1"


def test_git_s_extra_header_is_a_secret() -> None:
    header = base64.b64encode(b"x-access-token:s3cret-t0ken").decode()
    mask = Mask.of(
        {"GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}", "GIT_CONFIG_VALUE_1": "no header"}
    )
    assert header not in mask(f"sent {header} to no header")
    assert "no header" in mask("no header")


def test_each_line_of_a_key_is_a_secret() -> None:
    mask = Mask.of({"DEPLOY_KEY": "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n"})
    assert mask("hkiG9w0BAQEFAASC") == "***"


def test_the_longer_of_two_secrets_is_replaced_as_a_whole() -> None:
    mask = Mask.of({"A_TOKEN": "s3cret", "B_TOKEN": "s3cret-and-more"})
    assert mask("s3cret-and-more s3cret") == "*** ***"


def test_no_secrets_mask_nothing() -> None:
    assert Mask()("anything") == "anything"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link"),
        ("a\x08b\x00c\x7f", "abc"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x9b31mC1", "31mC1"),
        ("\x1bcreset", "reset"),
    ],
)
def test_escape_sequences_and_control_characters_are_taken_out(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_plain_text_holds_nothing_that_moves_a_cursor(text: str) -> None:
    assert not any(ord(char) < 32 and char not in "\t\n" for char in plain(text))
    assert "\x1b" not in plain(text)
