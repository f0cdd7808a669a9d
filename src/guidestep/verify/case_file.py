"""The case file of a witness: a patient and the answer, as `guidestep check --cases` runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from guidestep.recommendation import Recommendation

WIDTH = 70


def case_text(
    id: str,  # noqa: A002 (what it is called in the file)
    statement: str,
    assessment: Mapping[str, object],
    recommendation: Recommendation,
    facts: Sequence[str] = (),
) -> str:
    """Return a file with one case: the patient, and what the guideline says to them.

    `assessment` has the sections of the patient with plain values, as `Assessment.read` takes them.
    The case expects the outcome, the basis, the exact steps and the reasons of the recommendation,
    under its profile. A case has no parameters: it passes where they are those of the guideline.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> patient = {
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "present", "mri_status": "not_done"},
    ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
    ...                 "resistance_step": "withheld", "requested_action": "none"},
    ... }
    >>> patient["neurologic"]["red_flag_adjudication"] = "none"
    >>> print(case_text("unsteady", "Is urgent", patient, guideline.recommend(patient), ["F123"]))
    - id: unsteady
      statement: Is urgent
      assessment:
        encounter: {care_stage: intake, assessment_date: '2026-03-02'}
        neurologic: {gait_instability: present, mri_status: not_done, red_flag_adjudication: none}
        program: {mobility_step: not_started, neuromuscular_step: not_started,
          resistance_step: withheld, requested_action: none}
      profile: source
      facts: [F123]
      expect:
        outcome: urgent_referral
        basis: source
        steps: []
        reasons: [unstable-gait]
    <BLANKLINE>
    """
    case: dict[str, object] = {
        "id": id,
        "statement": statement,
        "assessment": {
            section: dict(part) if isinstance(part, Mapping) else part
            for section, part in assessment.items()
        },
        "profile": recommendation.guideline.profile,
        "facts": list(facts),
        "expect": {
            "outcome": recommendation.outcome.value,
            "basis": recommendation.basis.value,
            "steps": [f"{step.action.value} {step.id}" for step in recommendation.steps],
            "reasons": [reason.rule for reason in recommendation.reasons],
        },
    }
    text: str = yaml.safe_dump(
        [case], sort_keys=False, default_flow_style=None, allow_unicode=True, width=WIDTH
    )
    return text
