"""The numbers of the decision: each a default that was measured, and a key of ``search.refine``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RefineSettings:
    """How boldly a round moves on; ``docs/refine.md`` has what each number costs and brings.

    Args:
        doubt: Share of the places where the optimum may be that a range may lose on either side, in (0, 0.5).
        padding: Added on both sides of what is left, in its width.
        least_width: Share of a range that one round keeps, at least.
        floor: Share of the first round's range below which nothing is narrowed.
        significance: How likely the evidence that a dimension matters may be by chance, over all dimensions.
        edge: Share of the places where the optimum may be that, within a tenth of the range of an end,
            moves the end outward.
        widen: How far, in widths of the range.
        least_tries: A choice that was tried less often is not dropped.
        probes: Share of a round's trials that look outside its space.
        leaders: How many of the best trials are trained again to measure the noise, where none has repeats.
        reruns: On how many new seeds each; a single one if the first shows that there is no noise.
    """

    doubt: float = 0.025
    padding: float = 0.1
    least_width: float = 0.35
    floor: float = 0.001
    significance: float = 0.1
    edge: float = 0.2
    widen: float = 0.35
    least_tries: int = 5
    probes: float = 0.1
    leaders: int = 3
    reruns: int = 2
