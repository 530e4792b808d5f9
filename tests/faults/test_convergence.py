"""Whatever goes wrong with any one write of a release: the same command again ends where an unbroken run ends.

`inv test` has a kill and a lie at each write, and each kind of either somewhere; `inv test --all` has all kinds at all writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.breaking import KILLS, LIES, kinds_at, kinds_in_turn
from tests.faults.cases import carry_out, unbroken, with_contract, without_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.faults.breaking import Breaking
    from tests.faults.cases import Ended, Scene, Unbroken
    from tests.faults.watch import Written

    Noted = Callable[[str, object], None]

SHARES = 3  # tests that a kind of fault is cut into, so that they spread over processes


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    """An unbroken run; its writes, as the servers saw them, are what can go wrong."""
    return unbroken(tmp_path_factory.mktemp("unbroken") / "world")


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", [*KILLS, *LIES], ids=lambda kind: kind.__name__)
def test_a_release_with_one_write_gone_wrong_converges(
    whole: Unbroken,
    kind: type[Breaking],
    share: int,
    tmp_path: Path,
    record_property: Noted,
    *,
    is_whole: bool,
) -> None:
    chosen = cases_of(kind, whole.writes, is_whole=is_whole)
    ended = [
        carry_out(tmp_path / str(number), whole, written, kind, elsewhere=number % 2 == 1)
        for number, written in chosen[share::SHARES]
    ]
    all_converged(ended, record_property)


def test_in_turn_every_write_has_a_kill_and_a_lie_and_every_kind_strikes_somewhere(whole: Unbroken) -> None:
    turns = [(written, kinds_in_turn(number, written)) for number, written in enumerate(whole.writes)]
    for written, (kill, lie) in turns:
        assert (kill in KILLS, lie in LIES) == (True, True)
        assert {kill, lie} <= set(kinds_at(written))
    assert {kind for _, kinds in turns for kind in kinds} == {*KILLS, *LIES}


@pytest.mark.parametrize("scene", [without_ledger, with_contract], ids=["backfill", "contract"])
def test_what_not_every_release_writes_gone_wrong_converges(
    scene: Scene, whole: Unbroken, tmp_path: Path, record_property: Noted, *, is_whole: bool
) -> None:
    other = unbroken(tmp_path / "unbroken", scene)
    usual = {written.asked for written in whole.writes}
    more = [written for written in other.writes if written.asked not in usual]
    assert more, "it wrote nothing else"
    ended = [
        carry_out(tmp_path / f"{turn}-{at}-{kind.__name__}", other, written, kind, elsewhere=at % 2 == 1)
        for turn, written in enumerate(more)
        for at, kind in enumerate(kinds_at(written) if is_whole else kinds_in_turn(turn, written))
    ]
    all_converged(ended, record_property)


def cases_of(kind: type[Breaking], writes: Sequence[Written], *, is_whole: bool) -> list[tuple[int, Written]]:
    """The writes, with their numbers, at which this kind of fault strikes; there is one."""
    cases = [
        (number, written)
        for number, written in enumerate(writes)
        if kind in (kinds_at(written) if is_whole else kinds_in_turn(number, written))
    ]
    assert cases, f"{kind.__name__} has no turn"
    return cases


def all_converged(ended: list[Ended], record_property: Noted) -> None:
    """Count the cases, then say which did not converge."""
    stuck = [one for one in ended if one.faults]
    record_property("figure: fault cases run", len(ended))
    record_property("figure: fault cases converged", len(ended) - len(stuck))
    assert not stuck, "\n".join(map(str, stuck))
