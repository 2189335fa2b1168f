"""What can be told of constraints beside what the space says: their spelling, and whether any point fulfils
them."""

from __future__ import annotations

import random
import re

from hpt_cli.config.yaml_loader import Document
from hpt_cli.space import Constraint, SearchSpace

UNSATISFIED_DRAWS = 10_000
"""A space of which so many random points are refused is too thin to be searched by drawing from it."""
_VALUELESS_DRAWS = 200
"""A constraint without a value at so many random points is taken to have none anywhere."""


def spelling_hint(text: str) -> str:
    """What to write instead of an expression that is none, where other languages' operators stand in it."""
    words = {"&": "and", "|": "or", "!": "not"}
    found = re.findall(r"(&&?|\|\|?|!(?!=))", re.sub(r"'[^']*'|\"[^\"]*\"", "", text))
    signs = [f"{words[sign[0]]} for {sign}" for sign in dict.fromkeys(found)]
    return f"write {', '.join(signs)}" if signs else ""


def check_satisfiable(space: SearchSpace, document: Document) -> None:
    """Refuse constraints that no random point fulfils, and say so of one that has no value at any."""
    draw = random.Random(0)
    units = ([draw.random() for _ in space.names] for _ in range(UNSATISFIED_DRAWS))
    if not any(space.allows(space.from_unit(unit)) for unit in units) and not without_value(space, document):
        what = f"none of {UNSATISFIED_DRAWS} random points fulfils them"
        document.refuse(("constraints",), what, "loosen one of them")


def without_value(space: SearchSpace, document: Document) -> bool:
    """Refuse each constraint that cannot be computed at any of some random points; whether there is one."""
    draw = random.Random(1)
    units = [[draw.random() for _ in space.names] for _ in range(_VALUELESS_DRAWS)]
    points = [{**space.fixed, **space.from_unit(unit)} for unit in units]
    refused = False
    for position, text in enumerate(space.constraints):
        constraint = Constraint.parse(text)
        reasons = {_reason(constraint, point) for point in points if constraint.names <= point.keys()}
        if reasons and None not in reasons:
            why = " or ".join(sorted(reason for reason in reasons if reason))
            if not any(problem.key == f"constraints[{position}]" for problem in document.problems):
                document.refuse(("constraints", position), f"has no value at any random point: {why}")
            refused = True
    return refused


def _reason(constraint: Constraint, point: dict[str, bool | int | float | str]) -> str | None:
    """Why the expression has no value at a point; ``None`` where it has one."""
    try:
        constraint.evaluate(point)
    except ZeroDivisionError:
        return "it divides by zero"
    except OverflowError:
        return "its numbers grow too large"
    except ValueError:
        return "a function or power in it has no value there"
    except TypeError:
        return "it mixes text and numbers"
    return None
