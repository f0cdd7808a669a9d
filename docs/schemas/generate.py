"""Write the published JSON Schemas, or with `--check` say which of them are out of date.

python docs/schemas/generate.py
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from guidestep.assessment import CervicalAssessment
from guidestep.cli.schema import as_text, assessment_schema, file_schemas, recommendation_schema

HERE = Path(__file__).parent


def schemas() -> Mapping[str, str]:
    """Return the text of every published schema, by the name of its file."""
    return {
        **file_schemas(),
        f"assessment-{CervicalAssessment.model_id}.json": as_text(
            assessment_schema(CervicalAssessment)
        ),
        "recommendation.json": as_text(recommendation_schema()),
    }


def outdated() -> list[str]:
    """Return the names of the files that are missing, changed or not wanted, sorted."""
    wanted = schemas()
    there = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*.json")}
    names = sorted(wanted.keys() | there.keys())
    return [name for name in names if wanted.get(name) != there.get(name)]


def main(arguments: list[str]) -> int:
    """Write or check the schemas and return the exit code."""
    names = outdated()
    if "--check" not in arguments:
        wanted = schemas()
        for name in names:
            if name in wanted:
                (HERE / name).write_text(wanted[name], encoding="utf-8")
            else:
                (HERE / name).unlink()
    for name in names:
        sys.stdout.write(f"{'outdated' if '--check' in arguments else 'wrote'} {name}\n")
    return int(bool(names) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
