"""Imports point one way: a room uses rooms below it, and its neighbors without going in a ring."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hpt_cli"

FLOORS = [
    {"errors"},
    {"files", "listing", "quick_json", "space", "seeds", "environment", "network", "data", "trial", "rerun"},
    {"noise", "confirmation", "evidence"},
    {
        "model",
        "strategies",
        "rounds",
        "objectives",
        "executors",
        "records",
        "store",
        "board",
        "ranking",
        "expectation",
    }
    | {"events", "summary", "endings", "pruning"},
    {"config"},
    {
        "planning",
        "refined_config",
        "preparation",
        "proposal",
        "preview",
        "engines",
        "evaluation",
        "prediction",
        "in_flight",
        "logs",
        "rerunning",
        "study",
        "verification",
        "warm_start",
        "confirming",
        "scoring",
    },
    {"views"},
    {"interface"},
    {"cli", "__main__"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path):
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imports():
    """Every (file, room it is in, room it imports), type-only imports among them."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
                if node.module == "hpt_cli":
                    names = [f"hpt_cli.{alias.name}" for alias in node.names]
            for name in names:
                if name.startswith("hpt_cli.") and not name.startswith("hpt_cli.__"):
                    yield path, room_of(path), name.split(".")[1]


def third_party(room):
    """The packages, ours left out, that the files of a room import anywhere."""
    found = set()
    for path in [*(PACKAGE / room).rglob("*.py"), *PACKAGE.glob(f"{room}.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def test_every_room_has_its_floor():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms - FLOOR.keys() == set()


def test_imports_point_down():
    upward = [
        f"{path.relative_to(PACKAGE)} imports {imported}"
        for path, room, imported in imports()
        if room != "__init__" and FLOOR[imported] > FLOOR[room]
    ]
    assert upward == []


def test_no_rooms_import_each_other_in_a_ring():
    graph = {}
    for _, room, imported in imports():
        if room not in (imported, "__init__"):
            graph.setdefault(room, set()).add(imported)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the ring


def test_the_network_knows_numpy_and_nothing_else():
    ours = {imported for _, room, imported in imports() if room == "network"}
    assert ours == {"network"}
    assert (
        third_party("network") & {"scipy", "sklearn", "pandas", "skopt", "pydantic", "rich", "click"} == set()
    )


@pytest.mark.parametrize(
    "room", ["space", "trial", "store", "rounds", "ranking", "study", "strategies", "network", "data"]
)
def test_nothing_below_the_views_knows_the_terminal(room):
    assert third_party(room) & {"rich", "click"} == set()


def test_a_strategy_never_sees_the_store():
    assert "store" not in {imported for _, room, imported in imports() if room == "strategies"}
