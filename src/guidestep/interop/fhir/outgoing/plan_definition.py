"""A guideline as PlanDefinition: its rules by family, and its tracks with their steps.

It is for reading, sharing and comparing. The engines read the YAML that the Library carries; no
engine should apply this resource, and the exercise in it is guarded against one that does.

Source: HL7 FHIR R4, PlanDefinition; CPG-on-FHIR 2.0.0, cpg-pathwaydefinition (clinical-protocol).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guidestep.explain.words import FAMILIES, OUTCOMES
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.activity_definitions import activity_id, exercises
from guidestep.interop.fhir.outgoing.artifacts import citation, citations, grades, review_words
from guidestep.interop.fhir.outgoing.conditions import GUARD, any_of, condition, unmet
from guidestep.interop.fhir.outgoing.doses import dose_text
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    fhir_id,
    sentence,
)
from guidestep.interop.fhir.outgoing.publication import published
from guidestep.language.documents import StepEntry
from guidestep.language.rulebase import (
    Grounds,
    Progress,
    Progression,
    Rule,
    Start,
    StepBack,
    Track,
    Withhold,
)
from guidestep.language.tree import Constant
from guidestep.outcome import Family, Outcome

PLAN_TYPES = "http://terminology.hl7.org/CodeSystem/plan-definition-type"

NOT_APPLIED = (
    "For clinicians, and for reading, sharing and comparing. Not to be applied by a generic engine "
    "($apply): conditions are in the rule language of guidestep, which answers with two engines. "
    "Not for emergencies."
)

_FAMILIES = (
    Family.RED_FLAG,
    Family.REFERRAL,
    Family.ELIGIBILITY,
    Family.CONFLICT,
    Family.REQUIREMENT,
    Family.CAUTION,
    Family.SURVEILLANCE,
)


def plan_definition(guideline: Guideline, canonical: Canonical) -> Resource:
    """Return the PlanDefinition of a guideline.

    Its actions are a group for each family of rules, the most urgent first, and one for each
    track, which holds the steps with the rules by which the track moves. Every action has its
    citations, and a strength and quality that are named as ungraded where nobody graded them.
    """
    entry = guideline.base.entry
    library = canonical.of("Library", fhir_id(guideline.id), guideline.version)
    return published(
        guideline, canonical, "PlanDefinition", guideline.id, guideline.title
    ) | element(
        type=concept("Clinical protocol", {"system": PLAN_TYPES, "code": "clinical-protocol"}),
        subjectCodeableConcept=concept(
            "Patient",
            {"system": "http://hl7.org/fhir/resource-types", "code": "Patient"},
        ),
        description=description(guideline),
        purpose=entry.intended.use,
        usage=f"{entry.intended.user} {NOT_APPLIED}",
        author=[{"name": entry.source_attributes.developer}],
        relatedArtifact=_related(guideline, canonical),
        library=[library],
        action=list(_Actions(guideline, canonical).all()),
    )


def description(guideline: Guideline) -> str:
    """Return whom a guideline is for and what it leaves out, with the state of its review."""
    intended = guideline.base.entry.intended
    parts = [
        review_words(guideline.base.entry.review),
        f"Population: {sentence(intended.population)}",
        *(f"Excluded: {sentence(one)}" for one in intended.exclusions),
        *(f"Limitation: {sentence(one)}" for one in intended.limitations),
    ]
    return "\n\n".join(parts)


def _related(guideline: Guideline, canonical: Canonical) -> list[Element]:
    entry = guideline.base.entry
    source = element(
        type="derived-from",
        display=f"{entry.source.title}, {entry.source.publisher}, {entry.source.updated}",
        citation=entry.source_attributes.bibliographic_citation,
        url=entry.source.url,
    )
    assumed = [
        element(
            type="justification",
            label=assumption.entry.id,
            display=f"Assumption of ours, version {assumption.entry.version}: "
            f"{assumption.entry.statement}",
        )
        for assumption in guideline.assumptions.values()
    ]
    cited = [citation(one, canonical) for one in guideline.citations.values()]
    return [source, *cited, *assumed]


class _Actions:
    """The actions of one guideline."""

    def __init__(self, guideline: Guideline, canonical: Canonical) -> None:
        self.guideline = guideline
        self.base = guideline.base
        self.canonical = canonical

    def all(self) -> Iterator[Element]:
        for family in _FAMILIES:
            rules = [rule for rule in self.base.rules.values() if rule.family is family]
            if rules:
                yield element(
                    id=fhir_id(f"family-{family.value}"),
                    title=f"Rules: {FAMILIES[family]}",
                    groupingBehavior="logical-group",
                    action=[self.rule(rule) for rule in rules],
                )
        for track in self.base.tracks.values():
            yield self.track(track)

    def rule(self, rule: Rule) -> Element:
        outcome = "Adds a caution" if rule.then is None else OUTCOMES[rule.then].capitalize()
        said = [sentence(outcome), rule.advice]
        said += [f"Urgency: {rule.urgency}"] if rule.urgency else []
        if rule.family is Family.REQUIREMENT:
            conditions = [unmet(rule.when, self.base)]
            if rule.scope is not None and not isinstance(rule.scope, Constant):
                conditions.append(condition("applicability", rule.scope, self.base))
        else:
            conditions = [condition("applicability", rule.when, self.base)]
        return element(
            id=rule_action(rule.id),
            extension=self.grades(rule.grounds),
            title=rule.statement,
            description=" ".join(text for text in said if text),
            priority="urgent" if rule.then is Outcome.URGENT_REFERRAL else None,
            code=[self.coded(rule.id, rule.statement)],
            documentation=self.documentation(rule.grounds, [rule]),
            condition=conditions,
        )

    def track(self, track: Track) -> Element:
        id_ = track.entry.id
        moves = [one for one in self.base.progressions if one.track == id_]
        steps = [step for step in exercises(self.guideline) if step.track == id_]
        scope = [] if isinstance(track.when, Constant) else [track.when]
        return element(
            id=fhir_id(f"track-{id_}"),
            title=f"Track: {track.entry.title}",
            description="At most one step of a track at a time. No step while a rule above "
            "holds or could still hold.",
            documentation=self.documentation(Grounds(), []),
            condition=[condition("applicability", one, self.base) for one in scope],
            groupingBehavior="logical-group",
            selectionBehavior="at-most-one",
            action=[
                *(self.step(step, moves) for step in steps),
                *(self.withheld(one) for one in moves if isinstance(one.move, Withhold)),
            ],
        )

    def step(self, step: StepEntry, moves: Sequence[Progression]) -> Element:
        starts = [one for one in moves if _leads_to(one, step.id)]
        ends = [one for one in moves if _leads_from(one, step.id)]
        stops = [*(one for one in moves if isinstance(one.move, Withhold)), *ends]
        before = [one.move.origin for one in starts if isinstance(one.move, Progress)]
        grounds = Grounds(step.facts, step.cites, step.assumes)
        for one in starts:
            grounds = grounds | one.grounds
        said = [step.content]
        said += [f"Dose: {sentence(dose_text(step.dose))}"] if step.dose else []
        said += [f"Condition: {one}" for one in step.conditions]
        said += [f"Next: {step.next}"] if step.next else []
        conditions = [
            GUARD,
            any_of("start", [one.when for one in starts], self.base),
            any_of("stop", [one.when for one in stops], self.base),
        ]
        guideline = self.guideline
        return element(
            id=step_action(step.id),
            extension=self.grades(grounds),
            title=f"{step.id}: {step.title}",
            description=" ".join(said),
            code=[concept(step.title, self.canonical.step(guideline.id, step.id, step.title))],
            documentation=self.documentation(grounds, [*starts, *stops]),
            condition=[one for one in conditions if one is not None],
            relatedAction=[
                {"actionId": step_action(origin), "relationship": "after-end"}
                for origin in dict.fromkeys(before)
            ],
            definitionCanonical=self.canonical.of(
                "ActivityDefinition", activity_id(guideline, step.id), guideline.version
            ),
        )

    def withheld(self, rule: Progression) -> Element:
        """Return that a track is withheld: words, and no definition of anything to do."""
        return element(
            id=rule_action(rule.id),
            extension=self.grades(rule.grounds),
            title=f"Withheld: {rule.statement}",
            description=rule.advice,
            code=[self.coded(rule.id, rule.statement)],
            documentation=self.documentation(rule.grounds, [rule]),
            condition=[condition("applicability", rule.when, self.base)],
        )

    def coded(self, id_: str, statement: str) -> Element:
        return concept(statement, self.canonical.rule(self.guideline.id, id_, statement))

    def grades(self, grounds: Grounds) -> list[Element]:
        return grades(grounds.cites, self.base.citations, self.canonical)

    def documentation(self, grounds: Grounds, rules: Sequence[Rule | Progression]) -> list[Element]:
        return [
            *citations(grounds.cites, self.base.citations, self.canonical),
            *(
                element(
                    type="justification",
                    label=rule.id,
                    display=f"Rule {rule.id}: {rule.statement}{_rests_on(rule.grounds)}",
                )
                for rule in rules
            ),
        ]


def _leads_to(rule: Progression, step: str) -> bool:
    match rule.move:
        case Start(step=to) | Progress(to=to):
            return to == step
        case _:
            return False


def _leads_from(rule: Progression, step: str) -> bool:
    return isinstance(rule.move, StepBack) and rule.move.origin == step


def _rests_on(grounds: Grounds) -> str:
    parts = []
    if grounds.facts:
        parts.append(f"facts of the source {', '.join(grounds.facts)}")
    if grounds.assumes:
        parts.append(f"assumptions of ours {', '.join(grounds.assumes)}")
    return f"; rests on {' and '.join(parts)}" if parts else ""


def rule_action(rule: str) -> str:
    """Return the id of the action of a rule."""
    return fhir_id(f"rule-{rule}")


def step_action(step: str) -> str:
    """Return the id of the action of a step."""
    return fhir_id(f"step-{step}")
