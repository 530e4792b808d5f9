"""What the tests counted, in the last lines that a person reads: `record_property("figure: cases run", 12)`, summed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

PREFIX = "figure: "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each figure, summed over the tests of all processes."""
    sums: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, value in report.user_properties:
                    if name.startswith(PREFIX):
                        sums[name.removeprefix(PREFIX)] += int(str(value))
    if sums:
        terminalreporter.section("figures")
        for name, count in sums.items():
            terminalreporter.write_line(f"{name}: {count:,}")
