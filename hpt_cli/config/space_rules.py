"""From the entries under ``network`` and ``space`` to a search space: bounds, conditions, constraints.

Every function adds what is wrong to the document's problems and leaves it out of what it returns, so that
one pass finds everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hpt_cli.config.constraint_rules import spelling_hint
from hpt_cli.config.hyperparameters import (
    DEPTH,
    GROUPS,
    MAX_LAYERS,
    Setting,
    Study,
    among,
    check_setting,
    check_value,
    flat_names,
    is_name,
    layer_of,
    spec_of,
    whole_number,
)
from hpt_cli.config.layer_rules import check_open_width, read_list
from hpt_cli.config.messages import Refused, listed, safe, shown
from hpt_cli.config.models import Choices, Network, Range
from hpt_cli.config.settings import make_space
from hpt_cli.config.translate import unknown_key
from hpt_cli.config.yaml_loader import BROKEN, Document, KeyPath
from hpt_cli.network.architecture import WIDTH_NAME
from hpt_cli.network.settings import HYPERPARAMETERS
from hpt_cli.space import Choice, Constraint, Dimension, Float, Int, SearchSpace, Value, same

MAX_PARAMS = 100


@dataclass
class Hyperparameters:
    """What ``network`` and ``space`` say.

    Args:
        network: What is fixed, by dotted name.
        dimensions: What is searched, in the file's order.
        unknown: Names that stand somewhere but could not be read.
    """

    network: dict[str, Setting] = field(default_factory=dict)
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def study(self) -> Study:
        """What can be concluded from them."""
        return Study(self.network, self.dimensions, self.unknown)


def flatten_network(document: Document) -> dict[str, Setting]:
    """Bring ``network`` into the form of :data:`Network`, by dotted names; returns the layers' own widths and
    the list of layers.

    Those are the names that the model, which is made from the registry, does not have.
    """
    raw = document.data.get("network")
    if not isinstance(raw, dict):
        return {}
    flat: dict[str, Any] = {}
    layers: dict[str, Setting] = {}
    entries = [(*entry, document.line(("network", *entry[1]))) for entry in flat_names(raw)]
    for name, below, value, written in entries:
        path = ("network", name)
        if name in flat:
            what = f"is written twice: on line {document.line(path)} and on line {written}"
            document.refuse(("network", *below), what, "keep one of them")
            continue
        document.lines[path] = written
        flat[name] = value
        if layer_of(name):
            del flat[name]
            layers[name] = _taken(name, value, path, document)
        elif name == "layers":
            del flat[name]
            layers[name] = BROKEN if value is BROKEN else read_list(value, document)
    document.data["network"] = flat
    return layers


def _taken(name: str, value: Any, path: KeyPath, document: Document) -> Any:
    try:
        return value if value is BROKEN else check_setting(name, value)
    except Refused as refused:
        document.refuse(path, refused.what, refused.hint)
        return BROKEN


def check_names(document: Document, layers: Mapping[str, Any]) -> None:
    """The names under ``space``: known, searchable, not too many, and not under ``network`` too.

    What is refused is taken out, or replaced by :data:`BROKEN`.
    """
    space, network = document.section("space"), document.section("network")
    if len(space) > MAX_PARAMS:
        document.refuse(("space",), f"must have at most {MAX_PARAMS} names, found {len(space)}")
    for name in list(space):
        path = ("space", name)
        spec = spec_of(name)
        parts = space[name] if isinstance(space[name], dict) else {}
        dotted_names = [f"{name}.{part}" for part in parts if f"{name}.{part}" in HYPERPARAMETERS]
        if name in GROUPS and dotted_names:
            document.refuse(path, "is one value of its own here", f"write `{dotted_names[0]}: ...`")
            space[name] = BROKEN
        elif name == "layers":
            document.refuse(path, "cannot be searched", "write the list under `network`")
            del space[name]
            continue
        elif WIDTH_NAME.fullmatch(name) and not check_open_width(name, layers.get("layers"), document):
            space[name] = BROKEN
        elif spec is None:
            document.refuse(path, *unknown_key(path))
            del space[name]
        elif not spec.searchable:
            document.refuse(path, "cannot be searched", f"move it to `network.{name}`")
            space[name] = BROKEN
        if name in network or name in layers:
            _refuse_twice(name, network.get(name), document)


def _refuse_twice(name: str, fixed: Any, document: Document) -> None:
    """One name under ``network`` and under ``space``, of which the command line may have brought either."""
    paths: tuple[KeyPath, KeyPath] = ("network", name), ("space", name)
    lines = [document.line(path) for path in paths]
    first, second = (f"line {line}" if line else "--set" for line in lines)
    hint = "under network it is fixed, under space it is searched: keep one"
    if not lines[0] and isinstance(fixed, bool | int | float | str):
        written = f"--set space.{name}={safe(shown_value(fixed))}"
        hint = f"write {written}: a single value under space is a constant"
    what = f"stands under network ({first}) and under space ({second})"
    document.refuse(paths[1] if lines[0] else paths[0], what, hint)


def read_hyperparameters(
    network: Network,  # type: ignore[valid-type]
    entries: Mapping[str, Any],
    layers: Mapping[str, Any],
    document: Document,
) -> Hyperparameters:
    """The values and dimensions, and everything that is wrong with them."""
    found = Hyperparameters()
    found.network = network.model_dump(by_alias=True, exclude_unset=True)  # type: ignore[attr-defined]
    found.network.update({name: value for name, value in layers.items() if value is not BROKEN})
    whens: dict[str, dict[str, Sequence[Any]]] = {}
    for name, entry in entries.items():
        dimension = _dimension(name, entry, document)
        if dimension is not None:
            found.dimensions[name] = dimension
            given = entry.when if isinstance(entry, Choices | Range) else None
            whens[name] = dict(given or {})
    written = {*document.section("network"), *document.section("space"), *layers}
    found.unknown = written - found.network.keys() - found.dimensions.keys()
    _check_layers(found, document)
    study = found.study()
    for name in found.network:
        if parent := study.idle_because(name):
            document.refuse(("network", name), *_no_effect(name, parent, study))
    _check_overridden(found, study, document)
    for name, dimension in found.dimensions.items():
        when = _condition(name, whens, study, document)
        found.dimensions[name] = replace(dimension, when=when)
    _check_batch(found, document)
    return found


def _dimension(name: str, entry: Any, document: Document) -> Dimension | None:
    """One entry; ``None`` when it was refused."""
    if isinstance(entry, Range):
        return _range(name, entry, ("space", name), document)
    return read_choice(name, entry, document, lambda value: check_value(name, value))


def read_choice(
    name: str, entry: Any, document: Document, check: Callable[[Any], Value] = lambda value: value
) -> Choice | None:
    """A list of values, one of them alone, or ``choices``; ``None`` when something was refused.

    Args:
        name: The dimension's.
        entry: What stands in the config.
        document: Is told what is wrong.
        check: A value as it is used, or :class:`Refused`.
    """
    path: KeyPath = ("space", name)
    before = len(document.problems)
    if isinstance(entry, Choices):
        path, values = (*path, "choices"), entry.choices
    else:
        values = entry if isinstance(entry, list) else [entry]
    choices: list[Value] = []
    for position, value in enumerate(values):
        where = (*path, position) if (*path, position) in document.lines else path
        try:
            choice = check(value)
        except Refused as refused:
            document.refuse(where, refused.what, refused.hint)
            continue
        if among(choice, choices):
            document.refuse(where, f"stands twice, found {shown(choice)}", "keep one of them")
        choices.append(choice)
    weights = read_weights(entry, len(choices), ("space", name, "weights"), document)
    return Choice(tuple(choices), weights=weights) if len(document.problems) == before else None


def read_weights(entry: Any, n_choices: int, path: KeyPath, document: Document) -> tuple[float, ...] | None:
    """How likely each choice is to be drawn; ``None`` for all alike."""
    if not isinstance(entry, Choices) or entry.weights is None:
        return None
    if len(entry.weights) != n_choices:
        what = f"needs one number for each of the {n_choices} choices, found {len(entry.weights)}"
        document.refuse(path, what, "write as many weights as choices")
        return None
    return tuple(entry.weights)


def _range(name: str, entry: Range, path: KeyPath, document: Document) -> Dimension | None:
    spec = spec_of(name)
    if spec is None or spec.kind in (bool, str):
        values = ["true", "false"] if spec is None or spec.kind is bool else [str(v) for v in spec.choices]
        document.refuse(path, "is not a number: it has no range", f"write [{', '.join(values)}]")
        return None
    kind = "int" if spec.kind is int else "float"
    if entry.type not in (None, kind):
        numbers = "whole numbers" if kind == "int" else "all numbers"
        hint = (
            f"write type: {kind}" if kind == "int" else "leave type out, and write step: 1 for whole numbers"
        )
        document.refuse((*path, "type"), f"{name} takes {numbers}, found type: {entry.type}", hint)
        return None
    bounds: dict[str, Any] = {}
    before = len(document.problems)
    for bound in ("low", "high", "hard_low", "hard_high"):
        if (given := getattr(entry, bound)) is None:
            continue
        try:
            bounds[bound] = check_value(name, given)
        except Refused as refused:
            document.refuse((*path, bound), refused.what, refused.hint)
    if len(document.problems) > before:
        return None
    if bounds["low"] > bounds["high"]:
        low, high = shown(bounds["low"]), shown(bounds["high"])
        what = f"must be below high, found low: {low} and high: {high}"
        document.refuse((*path, "low"), what, f"write low: {high}, high: {low}")
        return None
    options = {"scale": entry.scale, "step": entry.step, "points": entry.points}
    try:
        if kind == "int":
            if entry.step is not None:
                options["step"] = whole_number(entry.step)
            return Int(**bounds, **options)
        return Float(**bounds, **options)
    except Refused as refused:
        document.refuse((*path, "step"), refused.what, refused.hint)
    except ValueError as error:
        document.refuse(culprit(str(error), path, document), *sentence(str(error)))
    return None


def culprit(sentence: str, path: KeyPath, document: Document) -> KeyPath:
    """The key that a sentence about a range is about: the first that it names."""
    keys = [
        key
        for key in re.findall(r"hard_low|hard_high|low|high|step|points|scale", sentence)
        if (*path, key) in document.lines
    ]
    return (*path, keys[0]) if keys else path


def sentence(text: str) -> tuple[str, str]:
    """A sentence of the space's, apart from the part that says what to write."""
    what, _, hint = re.sub(r"(\d)\.0\b", r"\1", text).partition("; ")
    if example := re.search(r", for example (\S+)(?=,)", what):
        what, hint = what.replace(example[0], ""), f"write high: {example[1]}"
    if not hint and "log scale needs low above 0" in what:
        hint = "write 0.0001"
    if "a step needs the linear scale" in what:
        hint = "a grid on another scale has points"
    if not hint and "log1m scale needs high below 1" in what:
        hint = "write 0.999"
    return what, hint


def _check_layers(found: Hyperparameters, document: Document) -> None:
    """A list of layers or of widths says all; a layer's own width must be of a layer that can be there."""
    if "layers" in found.network or "layers" in found.unknown:
        said_by, said = "layers", DEPTH
    elif isinstance(found.network.get("hidden_units"), list):
        said_by, said = "hidden_units", DEPTH[:1]
    else:
        return
    for name in [*found.network, *found.dimensions]:
        if name in said or layer_of(name):
            section = "network" if name in found.network else "space"
            line = document.line(("network", said_by))
            what = f"the list network.{said_by} (line {line}) says it already"
            document.refuse((section, name), what, "keep one of them")
            found.network.pop(name, None)
            found.dimensions.pop(name, None)
            found.unknown.add(name)


def _check_overridden(found: Hyperparameters, study: Study, document: Document) -> None:
    """What every layer of a list has its own of is said, or searched, for nothing."""
    for name in filter(study.overridden, [*found.network, *found.dimensions]):
        if any(other.startswith(f"{name}.") for other in found.network):
            continue  # `batch_norm: {momentum: 0.8}` says true only by the way
        section = "network" if name in found.network else "space"
        line = document.line(("network", "layers"))
        if any("conv" in entry or "dense" in entry for entry in study.layers or ()):
            said, hint = (
                "every conv and dense layer of {} has its own",
                f", or the {name} of a layer that it is for",
            )
        else:
            said, hint = "{} has no conv and no dense layer", ""
        what = f"has no effect: {said.format(f'network.layers (line {line})')}"
        document.refuse((section, name), what, f"remove it{hint}")


def _no_effect(name: str, parent: str, study: Study) -> tuple[str, str]:
    """The words for a hyperparameter that can never matter, and how to let it."""
    allowed = study.effect(name)[parent]
    possible = study.values(parent)
    if name == "hidden_units" and any(possible):
        return "has no effect: every layer has a width of its own", "remove it"
    if not allowed:
        return f"has no effect: a net has at most {MAX_LAYERS} hidden layers", "remove it"
    default = "" if parent in study.network or parent in study.searched else ", the default"
    if parent == "hidden_layers":
        deepest = max((int(value) for value in possible), default=0)
        layers = {0: "no hidden layer", 1: "at most 1 hidden layer"}.get(
            deepest, f"at most {deepest} hidden layers"
        )
        return f"has no effect: the net has {layers}{default}", f"hidden_layers must reach {allowed[0]}"
    values = listed(shown_value(value) for value in possible)
    return (
        f"has no effect: {parent} is {values}{default}",
        f"it needs {parent}: {listed(map(shown_value, allowed))}",
    )


def shown_value(value: Value) -> str:
    """A value as it is written in YAML."""
    return value if isinstance(value, str) else shown(value)


def _condition(
    name: str, whens: Mapping[str, Mapping[str, Sequence[Any]]], study: Study, document: Document
) -> dict[str, tuple[Value, ...]]:
    """What the entry's ``when`` says, and where the hyperparameter has an effect at all."""
    path: KeyPath = ("space", name)
    when: dict[str, tuple[Value, ...]] = {}
    for parent, values in whens[name].items():
        allowed = _allowed(name, parent, values, study, document)
        if allowed:
            when[parent] = allowed
    for parent, effective in study.effect(name).items():
        if parent in study.unknown:
            continue
        possible = [value for value in study.values(parent) if among(value, effective)]
        if not possible:
            document.refuse(path, *_no_effect(name, parent, study))
        elif parent in when:
            if idle := [value for value in when[parent] if not among(value, effective)]:
                what = f"{name} has no effect where {parent} is {listed(map(shown_value, idle))}"
                hint = f"write {parent}: {listed(map(shown_value, possible))}"
                document.refuse((*path, "when", parent), what, hint)
        elif parent in study.searched:
            when[parent] = tuple(possible)
    conditional = {other for other, given in whens.items() if given}
    conditional |= {other for other in study.searched if study.effect(other).keys() & study.searched.keys()}
    return {
        parent: allowed
        for parent, allowed in when.items()
        if parent in conditional or not _always(parent, allowed, study)
    }


def _always(parent: str, allowed: Sequence[Value], study: Study) -> bool:
    """Whether a condition says nothing: the parent, which is always there, has no other value."""
    dimension = study.searched.get(parent)
    if dimension is None:
        return parent not in study.unknown
    if isinstance(dimension, Float) and dimension.step is None:
        return False
    return all(among(value, allowed) for value in dimension.values())


def _allowed(
    name: str, parent: str, values: Sequence[Any], study: Study, document: Document
) -> tuple[Value, ...] | None:
    """The values of one entry of ``when``; ``None`` when they were refused."""
    path: KeyPath = ("space", name, "when", parent)
    if parent == name:
        document.refuse(path, "cannot depend on itself")
        return None
    if not is_name(parent):
        document.refuse(path, *unknown_key(("space", parent)))
        return None
    allowed: list[Value] = []
    for position, value in enumerate(values):
        where = (*path, position) if (*path, position) in document.lines else path
        try:
            allowed.append(check_value(parent, value))
        except Refused as refused:
            document.refuse(where, refused.what, refused.hint)
            return None
    if not allowed:
        document.refuse(path, "lists no value", "write the values for which this one is searched")
        return None
    if parent in study.searched or parent in study.unknown:
        return tuple(allowed)
    fixed = study.fixed(parent)
    if fixed is None or isinstance(fixed, list) or not among(fixed, allowed):
        default = "" if parent in study.network else " (the default)"
        what = f"{name} is never active: {parent} is {shown(fixed)}{default}"
        document.refuse(path, what, f"search {parent} under space, or remove this")
        return None
    return tuple(allowed)


def _check_batch(found: Hyperparameters, document: Document) -> None:
    """Batch norm of one row is 0: nothing could be learned."""
    study = found.study()
    names = ("batch_norm", "batch_size")
    if any(name in found.unknown for name in names):
        return
    norm, size = (study.values(name) if _listable(study, name) else () for name in names)
    if any(entry.get("batch_norm") for entry in study.layers or ()):
        norm = (True,)
    if len(norm) == len(size) == 1 and same(norm[0], True) and same(size[0], 1):
        section = "network" if "batch_size" in found.network else "space"
        what = "batch norm needs at least 2 rows to train on, found a batch_size of 1"
        document.refuse((section, "batch_size"), what, "write batch_size: 2 or more, or batch_norm: false")


def _listable(study: Study, name: str) -> bool:
    return not isinstance(study.searched.get(name), Float)


def read_space(
    dimensions: Mapping[str, Dimension],
    network: Mapping[str, Setting] | None,
    constraints: Sequence[str],
    document: Document,
) -> SearchSpace | None:
    """The space with its constraints; ``None`` when something is wrong.

    Args:
        dimensions: What is searched.
        network: What is fixed of the network; ``None`` where own code is tuned.
        constraints: As the config has them.
        document: Gets the problems.
    """
    readable: list[str] = []
    for position, text in enumerate(constraints):
        try:
            Constraint.parse(text)
            readable.append(text)
        except ValueError as error:
            what, hint = sentence(str(error))
            document.refuse(("constraints", position), what, spelling_hint(text) or hint)
    if any(problem.key.startswith(("space", "network", "--set")) for problem in document.problems):
        return None  # what a constraint names may be missing for that reason alone
    try:
        make_space(dimensions, [], network)
    except ValueError as error:
        what, hint = sentence(str(error))
        match = re.match(r"when: (\S+) ", what)
        path = ("space", match[1], "when") if match else ("space",)
        document.refuse(path, what.removeprefix("when: "), hint)
        return None
    for position, text in enumerate(constraints):
        if text in readable:
            try:
                make_space(dimensions, [text], network)
            except ValueError as error:
                readable.remove(text)
                document.refuse(("constraints", position), *sentence(str(error)))
    if len(readable) < len(constraints):
        return None
    return make_space(dimensions, readable, network)
