"""What all entries of a guideline's files share: ids, texts, conditions as they are written."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Slug = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]
"""An id: a letter, then letters, digits, hyphens, underscores or dots."""

DefinitionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
"""The id of something that expressions name: lower-case letters, digits and underscores."""

Text = Annotated[str, Field(min_length=1, max_length=4000)]

Path = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]

Number: TypeAlias = int | float

_CONDITION_SCHEMA = {
    "description": "A condition: an expression, or a list under all, any, none or at_least.",
    "anyOf": [
        {"type": "string"},
        {"type": "boolean"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                **{key: {"type": "array", "minItems": 1} for key in ("all", "any", "none")},
                "at_least": {
                    "type": "object",
                    "required": ["least", "of"],
                    "additionalProperties": False,
                    "properties": {
                        "least": {"type": "integer", "minimum": 1},
                        "of": {"type": "array", "minItems": 1},
                    },
                },
            },
        },
    ],
}

Condition = Annotated[object, WithJsonSchema(_CONDITION_SCHEMA)]

Quantity = Annotated[
    object,
    WithJsonSchema(
        {"description": "An expression of a number or a date.", "type": ["string", "number"]}
    ),
]

Outcome: TypeAlias = Literal["urgent_referral", "referral", "not_eligible", "assess_first"]


class Document(BaseModel):
    """What all entries share: no unknown key, no conversion."""

    # Built when first used: importing the package must stay quick.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Identified(Document):
    """An entry with an id; ids are unique over the whole guideline."""

    id: Slug


class Grounded(Document):
    """An entry that says what it rests on."""

    facts: tuple[Slug, ...] = ()
    cites: tuple[Slug, ...] = ()
    assumes: tuple[Slug, ...] = ()


class Definition(Identified, Grounded):
    """Something that expressions call by its id."""

    id: DefinitionId
    statement: Text
