"""What a person asked for, as a value (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from release.frozen import Frozen

if TYPE_CHECKING:
    from release.model.record import Remark

Level = Literal["patch", "minor", "major"]


Wanted = Literal["patch", "minor", "major", "auto"]


class Request(Frozen, frozen=True):
    """What a person asked for, and the reasons they gave; part of the plan, so that `--plan FILE` needs no more words.

    `level` auto takes the least that the evidence asks for. `reason` is why; `break_glass` is why the usual way is
    left, `underbump` why the number is lower than the evidence asks for. `pre` is the word of a prerelease (beta);
    `line` keeps to the versions of an older line (1.3). `finish` takes what was begun, whatever its bump and commit.
    `accept` names losses that the reason is for: `cms/var:SMTP_HOST`.
    """

    environment: str = "production"
    level: Wanted = "patch"
    reason: str = ""
    break_glass: str = ""
    underbump: str = ""
    pre: str | None = None
    line: str | None = None
    finish: bool = False
    accept: tuple[str, ...] = ()

    @property
    def hotfix(self) -> str | None:
        """The tag that this is a hotfix of, where the reason says so: "hotfix of TAG", and more after a colon."""
        words = self.reason.partition(":")[0].split()
        return words[2] if words[:2] == ["hotfix", "of"] and len(words) == 3 else None  # noqa: PLR2004

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """The reasons given, to be kept with the release."""
        from release.model.record import Remark

        given = (("reason", self.reason), ("break-glass", self.break_glass), ("underbump", self.underbump))
        return tuple(Remark(kind=kind, why=why) for kind, why in given if why)
