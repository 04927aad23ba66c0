"""Findings of a check, as commands write them."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.management.base import OutputWrapper

from districts.actions import Finding

_SHOWN = 20


def write_findings(out: OutputWrapper, findings: Iterable[Finding]) -> None:
    """Writes each finding with its first cases, the blocking ones marked."""
    for finding in findings:
        out.write(f"{'must be mended' if finding.blocks else 'note'}: {finding.sentence}")
        for case in finding.cases[:_SHOWN]:
            out.write(f"  {case}")
        if len(finding.cases) > _SHOWN:
            out.write(f"  … and {len(finding.cases) - _SHOWN} more")
