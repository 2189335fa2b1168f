"""From a flat choice of hyperparameters to the settings of one training."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import hpt_cli.network as network_package
from hpt_cli.network.settings import HYPERPARAMETERS, NetworkSettings


def test_every_default_is_within_its_own_bounds() -> None:
    known = {name: h.default for name, h in HYPERPARAMETERS.items() if h.default is not None}
    assert NetworkSettings.from_flat(known) == NetworkSettings.from_flat({})


@pytest.mark.parametrize(
    ("flat", "widths"),
    [
        ({}, (64,)),
        ({"hidden_layers": 3, "hidden_units": 8}, (8, 8, 8)),
        ({"hidden_layers": 0}, ()),
        ({"hidden_units": [30, 20]}, (30, 20)),
        ({"hidden_units": []}, ()),
        ({"hidden_units": (30, 20), "hidden_units_1": 5}, (5, 20)),
        ({"hidden_layers": 2, "hidden_units_2": 16}, (64, 16)),
        ({"hidden_layers": 1, "hidden_units_2": 16}, (64,)),
        ({"hidden_units": 8.0}, (8,)),
    ],
    ids=str,
)
def test_widths(flat: dict[str, Any], widths: tuple[int, ...]) -> None:
    assert NetworkSettings.from_flat(flat).widths == widths


@pytest.mark.parametrize(
    ("flat", "message"),
    [
        ({"hidden_unit": 3}, "^hidden_unit: the network has no such hyperparameter"),
        ({"learning_rate": 0}, "^learning_rate: must be greater than 0, got 0"),
        ({"learning_rate": float("nan")}, "^learning_rate: expected a finite number"),
        ({"momentum": 1}, "^momentum: must be less than 1"),
        ({"hidden_units_3": 0}, "^hidden_units_3: must be at least 1"),
        ({"hidden_units": [4, 2.5]}, "^hidden_units: expected a whole number, got 2.5"),
        ({"epochs": True}, "^epochs: expected a whole number, got True"),
        ({"learning_rate": "0.1"}, "^learning_rate: expected a number, got '0.1'"),
        ({"batch_norm": 1}, "^batch_norm: expected true or false, got 1"),
        ({"optimizer": "sdg"}, "^optimizer: expected one of sgd, rmsprop"),
        ({"hidden_units": [4], "hidden_layers": 1}, "^hidden_layers: hidden_units lists"),
        ({"batch_norm": True, "batch_size": 1}, "^batch_size: batch norm needs at least 2 rows"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_is_refused_by_name(flat: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkSettings.from_flat(flat)


def test_none_means_left_out() -> None:
    assert NetworkSettings.from_flat({"patience": None, "epochs": None}) == NetworkSettings.from_flat({})


def test_settings_are_known_without_numpy() -> None:
    code = (
        "import sys, hpt_cli.network as n; n.NetworkSettings, n.metrics_for; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_exported_name_is_there() -> None:
    assert all(getattr(network_package, name) is not None for name in network_package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        network_package.nothing  # noqa: B018
