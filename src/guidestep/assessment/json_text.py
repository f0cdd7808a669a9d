"""JSON text, read strictly: what JSON leaves open or forbids is an error, never a guess."""

import json
from collections.abc import Sequence
from typing import NoReturn

from guidestep.assessment.errors import AssessmentError, Problem, named, shown


def parse(text: str | bytes) -> object:
    """Return what a JSON text holds.

    Keys given twice in one object, NaN, Infinity and nesting beyond Python's limit are errors.

    >>> parse('{"scope": {"age_years": 50}}')
    {'scope': {'age_years': 50}}

    Raises:
        AssessmentError: The text is no JSON, or JSON that two readers could take differently.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except AssessmentError:
        raise
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    except UnicodeDecodeError as error:
        message = f"not valid JSON: byte {error.start} is not {error.encoding} text"
    except RecursionError:
        message = "not valid JSON here: nested too deeply"
    except ValueError:
        message = "not valid JSON here: a number has too many digits"
    raise AssessmentError([Problem("", message, "", "invalid-json")])


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    keys = [key for key, _ in pairs]
    twice = next(key for key in keys if keys.count(key) > 1)
    given = ", ".join(shown(value) for key, value in pairs[:100] if key == twice)
    message = f"{named(twice)} is given more than once in one object ({given})"
    raise AssessmentError([Problem("", message, "keep one of them", "duplicate")])


def _constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number"
    hint = "leave the field out, or give null, where there is no value"
    raise AssessmentError([Problem("", message, hint, "not-finite")])
