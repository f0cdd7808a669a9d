"""A large guideline made up by chance: a folder of YAML, and the assessment model that it reads.

Its shapes are those of real ones: fields in sections, most of them enumerations, some numbers with
thresholds; conditions of two to four parts, of which some are findings that rest on findings; all
families of rules; a track of three steps. Every condition names what is abnormal, so that somebody
in whom nothing is can exercise, and every rule can be true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal

import yaml
from pydantic import create_model

from guidestep.assessment import Assessment, Section, item, quantity

SECTIONS = ("history", "signs", "imaging", "measures", "daily")
ENUMERATIONS = (
    ("absent", "present"),
    ("none", "mild", "severe"),
    ("none", "left", "right", "both"),
)
FAMILIES = {
    "red_flags": 0.16,
    "referrals": 0.34,
    "eligibility": 0.16,
    "requirements": 0.12,
    "cautions": 0.20,
    "conflicts": 0.02,
}
"""The families and their shares of all rules."""


@dataclass
class Generated:
    """A guideline of so many rules over so many fields; the same seed gives the same."""

    rules: int = 500
    fields: int = 150
    findings: int = 80
    seed: int = 1
    random: Random = field(init=False)
    enumerations: dict[str, tuple[str, ...]] = field(init=False, default_factory=dict)
    numbers: list[str] = field(init=False, default_factory=list)
    facts: list[dict[str, object]] = field(init=False, default_factory=list)
    names: list[str] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        for number in range(self.fields - 2):
            path = f"{SECTIONS[number % len(SECTIONS)]}.f{number}"
            if self.random.random() < 0.3:
                self.numbers.append(path)
            else:
                self.enumerations[path] = self.random.choice(ENUMERATIONS)

    # --- the model --------------------------------------------------------------------------

    def model(self) -> type[Assessment]:
        """Return the model of its assessments."""
        sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
        for path, members in self.enumerations.items():
            section, name = path.split(".")
            kind = Literal[members]  # type: ignore[valid-type]
            sections[section][name] = (Annotated[kind | None, item(name, f"{name}?")], None)
        for path in self.numbers:
            section, name = path.split(".")
            limits = quantity(name, f"{name}?", unit=self.unit(path), minimum=0, maximum=100)
            sections[section][name] = (Annotated[float | None, limits], None)
        stage = Annotated[Literal["intake", "programme"], item("stage", "Which stage?")]
        step = Annotated[Literal["none", "S1", "S2", "S3"], item("step", "Which step?")]
        made: dict[str, Any] = {
            name: (kind, kind())
            for name, content in sections.items()
            for kind in [create_model(name.title(), __base__=Section, **content)]
        }
        course = create_model("Course", __base__=Section, stage=(stage, ...), step=(step, ...))
        return create_model("Generated", __base__=Assessment, course=(course, ...), **made)

    def unit(self, path: str) -> str:
        """Return the unit of a number: the first three are durations, which grow with time."""
        return "wk" if path in self.numbers[:3] else "{score}"

    # --- the guideline ----------------------------------------------------------------------

    def write(self, folder: Path) -> None:
        """Write the guideline into a new folder."""
        folder.mkdir(parents=True)
        findings = [self.finding(number) for number in range(self.findings)]
        files: dict[str, object] = {"guideline": GUIDELINE, "findings": {"findings": findings}}
        for name, share in FAMILIES.items():
            files[name] = [self.rule(name, n) for n in range(round(share * self.rules))]
        files |= {"steps": STEPS, "progression": self.progressions()}
        used = {n for entries in files.values() for n in _words(entries)}
        files["notices"] = [
            # What no rule refers to would be a fault: a notice shows it.
            {**self.grounded([]), "id": f"notice-{n}", "kind": "information", "statement": n}
            | {"when": n}
            for n in self.names
            if n not in used
        ]
        files |= {"citations": [CITATION], "facts": [*self.facts, FACT]}
        for name, content in files.items():
            text = yaml.dump(content, Dumper=_Plain, sort_keys=False, width=1000)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def finding(self, number: int) -> dict[str, object]:
        name, figures = f"finding_{number}", dict[str, object]()
        joint = self.random.choice((" and ", " or "))
        parts = [self.part(figures) for _ in range(self.random.randint(2, 3))]
        entry = {"id": name, "statement": name, "when": joint.join(dict.fromkeys(parts))}
        self.names.append(name)
        return {**entry, **self.grounded(figures)}

    def rule(self, family: str, number: int) -> dict[str, object]:
        figures = dict[str, object]()
        entry: dict[str, object] = {"id": f"{family.replace('_', '-')}-{number}"}
        entry["statement"] = f"{family} {number}"
        parts = list(dict.fromkeys(self.part(figures) for _ in range(self.random.randint(2, 4))))
        if family == "requirements":
            chosen = self.random.sample([*self.enumerations, *self.numbers], 2)
            entry["require"] = " and ".join(f"{path} is known" for path in chosen)
            entry["when"] = "course.stage is intake"
            figures.clear()
        elif len(parts) > 2 and self.random.random() < 0.3:
            entry["when"] = {"all": [parts[0], {"any": parts[1:]}]}
        else:
            entry["when"] = {"all": parts}
        if family in ("referrals", "cautions") and self.random.random() < 0.5:
            entry["then"] = "assess_first"
        if family == "referrals" and "then" not in entry:
            entry["urgency"] = "Not specified."
        return {**entry, **self.grounded(figures)}

    def part(self, figures: dict[str, object]) -> str:
        """Return a part of a condition; a threshold adds its figure."""
        chance = self.random.random()
        if self.names and chance < 0.2:
            return self.random.choice(self.names)
        if chance < 0.45:
            path, bound = self.random.choice(self.numbers), self.random.randint(10, 90)
            figures[f"figure_{len(figures)}"] = {"at_least": bound, "unit": self.unit(path)}
            return f"{path} >= {bound}"
        path = self.random.choice(list(self.enumerations))
        normal, *others = self.enumerations[path]
        return self.random.choice((f"{path} is {others[-1]}", f"{path} is not {normal}"))

    def progressions(self) -> list[dict[str, object]]:
        normal = [
            f"{path} is {members[0]}"
            for path, members in self.random.sample(sorted(self.enumerations.items()), 6)
        ]
        figures = {"figure": {"less_than": 20, "unit": self.unit(self.numbers[0])}}
        fewer = f"{self.numbers[0]} < 20"
        return [
            {"id": "begin", "statement": "begin", "start": "S1", "when": {"all": normal[:2]}}
            | self.grounded([]),
            {"id": "second", "statement": "second", "from": "S1", "to": "S2"}
            | {"when": {"all": [*normal[2:4], fewer]}}
            | self.grounded(figures),
            {"id": "third", "statement": "third", "from": "S2", "to": "S3", "when": normal[4]}
            | self.grounded([]),
            {"id": "bar", "statement": "bar", "withhold": "course", "step": "S0"}
            | {"when": f"not ({normal[5]})"}
            | self.grounded([]),
        ]

    def grounded(self, figures: Mapping[str, object] | Sequence[object]) -> dict[str, object]:
        """Return what an entry rests on: a fact of its own where it has figures."""
        if not figures:
            return {"facts": ["F0"], "cites": ["book"]}
        fact = {**FACT, "id": f"F{len(self.facts) + 1}", "figures": figures}
        self.facts.append(fact)
        return {"facts": [fact["id"]], "cites": ["book"]}


class _Plain(yaml.SafeDumper):
    """Writes a value out wherever it is used."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _words(content: object) -> set[str]:
    """Return the words of all conditions."""
    match content:
        case dict():
            kept = (v for k, v in content.items() if k not in ("id", "statement", "facts"))
            return set().union(*map(_words, kept))
        case list():
            return set().union(*map(_words, content))
        case str():
            return set(content.split())
        case _:
            return set()


FACT: dict[str, object] = {
    "id": "F0",
    "section": "one",
    "category": "safety",
    "statement": "A fact.",
    "cites": ["book"],
}
CITATION: dict[str, object] = {
    "id": "book",
    "title": "A book",
    "publisher": "Nobody",
    "year": 2026,
    "kind": "unknown",
    "strength": "not_assessable",
    "population_match": "not_assessable",
    "resolved": False,
    "mapping": "unresolved",
}
STEPS: dict[str, object] = {
    "tracks": [{"id": "course", "title": "Course", "current": "course.step", "outside": ["none"]}],
    "steps": [
        {"id": id_, "track": "course", "title": id_, "content": id_, "facts": ["F0"]}
        | ({"kind": "withheld"} if id_ == "S0" else {})
        for id_ in ("S0", "S1", "S2", "S3")
    ],
}
_UNUSED = ("race", "ethnicity", "language", "sexual_orientation", "gender_identity", "sex")
GUIDELINE: dict[str, object] = {
    "format": 1,
    "id": "generated",
    "title": "Made up by chance",
    "version": "1.0.0",
    "assessment": "generated",
    "review": {"status": "pending_human_review", "statement": "Made up."},
    "source": {"title": "None", "publisher": "Nobody", "updated": date(2026, 1, 1)},
    "intended": {"user": "testers", "use": "tests", "population": "nobody"},
    "source_attributes": {
        "bibliographic_citation": "None.",
        "developer": "Nobody.",
        "funding": "None.",
        "release_date": date(2026, 1, 1),
        **{name: {"used": False} for name in _UNUSED},
        "date_of_birth": {"used": False},
        "social_determinants_of_health": {"used": False},
        "health_status_assessments": {"used": False},
    },
    "profiles": [{"id": "all", "title": "All", "default": True, "assumptions": "all"}],
}
