"""Checks of what is calculated: numbers, units, functions and their arguments."""

from __future__ import annotations

from dataclasses import replace

from guidestep.language.checker.scope import Checked, Checks
from guidestep.language.checker.wording import FREE_TEXT, a
from guidestep.language.tree import Arithmetic, Call, Compare, Constant, Expression
from guidestep.language.types import DECIMAL, INTEGER, Kind, Type

_ARITY: dict[str, tuple[int, int]] = {
    "min": (1, 20),
    "max": (1, 20),
    "abs": (1, 1),
    "round": (2, 2),
    "sqrt": (1, 1),
    "ln": (1, 1),
    "log10": (1, 1),
    "exp": (1, 1),
    "days_between": (2, 2),
    "weeks_between": (2, 2),
    "age_in_years": (2, 2),
}
_USE = {
    "min": "write 'min(first, second)'",
    "max": "write 'max(first, second)'",
    "abs": "write 'abs(x)'",
    "round": "rounding is declared with its digits: 'round(x, 1)'",
    "sqrt": "write 'sqrt(x)'",
    "ln": "write 'ln(x)'",
    "log10": "write 'log10(x)'",
    "exp": "write 'exp(x)'",
    "days_between": "write 'days_between(first_date, second_date)'",
    "weeks_between": "write 'weeks_between(first_date, second_date)'",
    "age_in_years": "write 'age_in_years(date_of_birth, on_date)'",
}
_DATE_FUNCTIONS = {
    "days_between": replace(INTEGER, unit="d"),
    "weeks_between": replace(DECIMAL, unit="wk"),
    "age_in_years": replace(INTEGER, unit="a"),
}


class NumberChecks(Checks):
    """Checks expressions that are numbers."""

    def _number(self, node: Expression) -> Checked | None:
        checked = self.check(node)
        if checked is None or checked[1].is_number:
            return checked
        hint = {
            Kind.DATE: "write 'days_between(first_date, second_date)' for the time between dates",
            Kind.CONDITION: "write 'count(first, second)' for how many conditions are true",
            Kind.ENUMERATION: "name a number field, or give each member its points in a score",
        }.get(checked[1].kind, FREE_TEXT)
        self._fault("not-a-number", node.span, f"this is {a(checked[1])}, not a number", hint)
        return None

    def _arithmetic(self, node: Arithmetic) -> Checked | None:
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return None
        resolved = replace(node, left=left[0], right=right[0])
        if node.operator in "+-":
            if not self._same_unit(node, left[1], right[1]):
                return None
            unit = left[1].unit or right[1].unit
        elif node.operator == "*":
            # A product of two units has a unit of its own, which this language does not track.
            unit = None if left[1].unit and right[1].unit else left[1].unit or right[1].unit
        else:
            unit = None if right[1].unit else left[1].unit
            if isinstance(right[0], Constant) and right[0].value == 0:
                self._fault(
                    "always-unknown",
                    node.span,
                    "a division by zero is unknown for ever",
                    "write the number that is meant",
                )
                return None
        whole = node.operator != "/" and left[1].kind is right[1].kind is Kind.INTEGER
        return resolved, Type(Kind.INTEGER if whole else Kind.DECIMAL, unit=unit)

    def _call(self, node: Call) -> Checked | None:
        least, most = _ARITY[node.function]
        if not least <= len(node.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            self._fault(
                "wrong-arguments",
                node.span,
                f"'{node.function}' takes {wanted} argument{'' if most == 1 else 's'}, "
                f"not {len(node.arguments)}",
                _USE[node.function],
            )
            return None
        if node.function in _DATE_FUNCTIONS:
            return self._date_call(node)
        numbers = [self._number(argument) for argument in node.arguments]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            return None
        resolved = replace(node, arguments=tuple(argument for argument, _ in known))
        first = replace(known[0][1], interval=False)
        match node.function:
            case "min" | "max":
                for _, type_ in known[1:]:
                    if not self._same_unit(node, first, type_):
                        return None
                whole = all(type_.kind is Kind.INTEGER for _, type_ in known)
                return resolved, replace(first, kind=Kind.INTEGER if whole else Kind.DECIMAL)
            case "round":
                digits = resolved.arguments[1]
                if not isinstance(digits, Constant) or digits.value not in range(13):
                    self._fault(
                        "wrong-arguments",
                        node.arguments[1].span,
                        "the digits of 'round' are a whole number from 0 to 12",
                        _USE["round"],
                    )
                    return None
                return resolved, replace(first, kind=Kind.DECIMAL)
            case "abs":
                return resolved, first
            case _:
                return resolved, DECIMAL

    def _date_call(self, node: Call) -> Checked | None:
        arguments = [self.check(argument) for argument in node.arguments]
        found: list[Expression] = []
        for argument, checked in zip(node.arguments, arguments, strict=True):
            if checked is None:
                return None
            if checked[1].kind is not Kind.DATE:
                self._fault(
                    "type-mismatch",
                    argument.span,
                    f"'{node.function}' takes two dates, and this is {a(checked[1])}",
                    _USE[node.function],
                )
                return None
            found.append(checked[0])
        return replace(node, arguments=tuple(found)), _DATE_FUNCTIONS[node.function]

    def _same_unit(self, node: Compare | Arithmetic | Call, left: Type, right: Type) -> bool:
        if left.unit is None or right.unit is None or left.unit == right.unit:
            return True
        hint = "convert one of them, or correct the field"
        if {left.unit, right.unit} == {"d", "wk"}:
            hint = "divide the days by 7"
        self._fault(
            "unit-mismatch",
            node.span,
            f"one side is in '{left.unit}', the other in '{right.unit}'",
            hint,
        )
        return False
