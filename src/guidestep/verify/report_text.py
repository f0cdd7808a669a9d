"""The report as text: one line a property, and whatever fails with its patients."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.verify.report import Finding, Report, Result


def report_text(report: Report) -> str:
    """Return the report as a person reads it."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.guideline} {report.version}, profile {report.profile}"
    yield f"{report.solver}, {report.seconds:.1f} s in all; guideline digest {report.digest[:12]}"
    yield ""
    for section in report.sections:
        count = len(section.findings)
        of = f" ({count})" if count != 1 else ""
        yield f"{section.result.value:>10}  {section.check}{of}  {section.seconds:.2f} s"
        for finding in section.findings:
            if finding.result is not Result.HOLDS:
                yield from _finding(finding)
    counts = report.counts()
    yield ""
    yield ", ".join(f"{counts[result]} {result.value}" for result in Result if counts[result])
    for note in report.abstractions:
        yield f"held within limits, not computed: {note}"


def _finding(finding: Finding) -> Iterator[str]:
    about = f"{finding.about}: " if finding.about else ""
    yield f"            {finding.result.value}: {about}{finding.statement}"
    if finding.note:
        yield f"              {finding.note}"
    for witness in finding.witnesses:
        outcome = witness.recommendation.outcome.value
        actions = [f"{s.action.value} {s.id}" for s in witness.recommendation.steps]
        said = f"{outcome} {', '.join(actions)}".strip()
        yield f"              {witness.name}: {said}"
        for section, values in witness.assessment.items():
            if isinstance(values, dict):
                yield from (f"                {section}.{k}: {v}" for k, v in values.items())
