"""What selectors say of each other, without any light point at hand.

`implies` is sound, not complete: True means that every light point of one is one of the other; False that it could not
be shown. Terms are compared one to one.
"""

from __future__ import annotations

from lightctl.domain.selectors import Operator, Selector, Term

SEVERAL_VALUES = "group"  # the one key of which a light point may have several values
ONE_OF = (Operator.EQUALS, Operator.IN)


def implies(one: Selector, other: Selector) -> bool:
    """Say whether every light point that `one` selects is shown to be selected by `other`."""
    return all(any(_implies(term, wanted) for term in one.terms) for wanted in other.terms)


def selects_nothing(selector: Selector) -> bool:
    """Say whether two terms of a selector are shown to exclude each other."""
    terms = selector.terms
    return any(_excludes(one, two) for one in terms for two in terms if one.key == two.key)


def _implies(term: Term, wanted: Term) -> bool:
    if term.key != wanted.key:
        return False
    values = set(term.values)
    match wanted.operator:
        case Operator.PRESENT:
            return term.operator is not Operator.DIFFERS
        case Operator.DIFFERS:
            if term.operator is Operator.DIFFERS:
                return term.values == wanted.values
            return term.operator in ONE_OF and term.key != SEVERAL_VALUES and not values & set(wanted.values)
        case _:
            return term.operator in ONE_OF and values <= set(wanted.values)


def _excludes(one: Term, two: Term) -> bool:
    if one.operator not in ONE_OF:
        return False
    if two.operator is Operator.DIFFERS:
        return set(one.values) == set(two.values)
    return two.operator in ONE_OF and one.key != SEVERAL_VALUES and not set(one.values) & set(two.values)
