"""Check digits: Verhoeff's for SNOMED CT, modulus 10 for LOINC, and the form of ICD-10-CM.

A code with a wrong check digit was never issued: it was mistyped, or made up.
"""

from __future__ import annotations

import re

from guidestep.interop.fhir.codes.systems import ICD_10_CM, LOINC, SNOMED

_SNOMED = re.compile(r"[1-9][0-9]{5,17}")
_LOINC = re.compile(r"[1-9][0-9]{0,6}-[0-9]")
_ICD_10_CM = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")

_ROTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
"""The permutation that Verhoeff's scheme applies once more for each place to the left."""


def check_digit_fault(system: str, code: str) -> str:
    """Return what is wrong with the form or the check digit of a code, or an empty text.

    Codes of a system without a check digit, or of one that is not known here, have no fault.

    >>> check_digit_fault("http://snomed.info/sct", "22325002")
    ''
    >>> check_digit_fault("http://snomed.info/sct", "230529002")
    'the check digit of 230529002 is wrong (Verhoeff)'
    >>> check_digit_fault("http://loinc.org", "24935-7")
    'the check digit of 24935-7 is wrong: it would be 24935-9'
    """
    if system == SNOMED:
        if not _SNOMED.fullmatch(code):
            return f"{code} is no SNOMED CT identifier: 6 to 18 digits"
        return "" if verhoeff(code) else f"the check digit of {code} is wrong (Verhoeff)"
    if system == LOINC:
        if not _LOINC.fullmatch(code):
            return f"{code} is no LOINC code: digits, a hyphen and a check digit"
        number = code[:-2]
        right = f"{number}-{modulus_10(number)}"
        return "" if code == right else f"the check digit of {code} is wrong: it would be {right}"
    if system == ICD_10_CM and not _ICD_10_CM.fullmatch(code):
        return f"{code} is no ICD-10-CM code: a letter, two characters, and up to four after a dot"
    return ""


def verhoeff(digits: str) -> bool:
    """Return whether digits end with their own check digit by Verhoeff's scheme.

    >>> verhoeff("2363"), verhoeff("2364")
    (True, False)

    Source: J. Verhoeff, Error Detecting Decimal Codes, 1969; SNOMED CT technical guide.
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(place % 8):
            value = _ROTATION[value]
        total = _dihedral(total, value)
    return total == 0


def _dihedral(first: int, second: int) -> int:
    """Return the product in the dihedral group of order ten."""
    if first < 5:
        turned = (first + second) % 5
        return turned if second < 5 else turned + 5
    turned = (first - second) % 5
    return turned + 5 if second < 5 else turned


def modulus_10(digits: str) -> int:
    """Return the check digit of LOINC for the digits before the hyphen.

    >>> modulus_10("38214")
    3

    Source: LOINC Users' Guide, calculating modulus 10 check digits.
    """
    # From the right: every other digit, the last one first, is doubled as one number.
    odd = digits[::-1][::2]
    even = digits[::-1][1::2]
    number = str(int(odd[::-1]) * 2)
    total = sum(int(digit) for digit in (even[::-1] + number))
    return -total % 10
