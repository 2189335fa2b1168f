"""A training keeps its bits whatever it is trained beside: alone, in any group and order, resumed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hpt_cli.network import NetworkSettings, Population, TrainingData, group, group_key, predict, train
from hpt_cli.network.settings import ACTIVATIONS, OPTIMIZERS, SCHEDULES

METRIC = {"classification": "validation_accuracy", "regression": "validation_rmse"}


@st.composite
def shared_settings(draw: st.DrawFn) -> dict[str, Any]:
    """What a population's trainings have in common."""
    shared = {
        "hidden_layers": draw(st.integers(0, 3)),
        "batch_norm": draw(st.booleans()),
        "batch_norm.affine": draw(st.booleans()),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "optimizer": draw(st.sampled_from(OPTIMIZERS)),
        "nesterov": draw(st.booleans()),
        "class_weight": draw(st.sampled_from(["none", "balanced"])),
        "batch_size": draw(st.sampled_from([2, 5, 9, 12, 36, 37, 64])),
    }
    shared["has_momentum"], shared["has_dropout"], shared["has_l2"] = draw(st.tuples(*[st.booleans()] * 3))
    return shared


@st.composite
def own_settings(draw: st.DrawFn, shared: dict[str, Any]) -> NetworkSettings:
    """One training of a population: the rest may differ."""
    flat = {name: value for name, value in shared.items() if not name.startswith("has_")}
    for layer in range(1, shared["hidden_layers"] + 1):
        flat[f"hidden_units_{layer}"] = draw(st.sampled_from([1, 2, 3, 7, 8, 16, 33]))
    flat |= {
        "learning_rate": draw(st.sampled_from([0.3, 0.01, 0.013, 1e4])),  # the last diverges, or nearly
        "batch_norm.momentum": draw(st.sampled_from([0.9, 0.5, 0.0])),
        "batch_norm.epsilon": draw(st.sampled_from([1e-5, 1e-3])),
        "beta1": draw(st.sampled_from([0.9, 0.5])),
        "beta2": draw(st.sampled_from([0.999, 0.9])),
        "rho": draw(st.sampled_from([0.9, 0.5])),
        "weight_decay": draw(st.sampled_from([0.0, 0.1])),
        "initial_scale": draw(st.sampled_from([1.0, 0.1])),
        "schedule.kind": draw(st.sampled_from(SCHEDULES)),
        "schedule.every": 1,
        "schedule.warmup_epochs": draw(st.integers(0, 1)),
        "epochs": draw(st.integers(1, 4)),
        "patience": draw(st.sampled_from([None, 1, 2])),
    }
    if shared["has_momentum"]:
        flat["momentum"] = draw(st.sampled_from([0.9, 0.99]))
    if shared["has_dropout"]:
        flat["dropout"] = draw(st.sampled_from([0.2, 0.5]))
    if shared["has_l2"]:
        flat["l2"] = draw(st.sampled_from([0.1, 0.001]))
    return NetworkSettings.from_flat(flat)


@st.composite
def populations(draw: st.DrawFn) -> tuple[list[NetworkSettings], list[int]]:
    shared = draw(shared_settings())
    members = draw(st.lists(own_settings(shared), min_size=2, max_size=6))
    if draw(st.booleans()):  # neighbors of equal widths share calls
        members += members[-1:]
    seeds = [draw(st.integers(0, 2)) for _ in members]
    return members, seeds


def bits(population: Population, trial: int) -> tuple[Any, ...]:
    outcome = population.outcome(trial)
    weights = population.weights(trial)
    # A diverged trial may hold nan, and only the sign bit of a nan depends on its neighbors.
    plain = {name: np.where(np.isnan(array), np.nan, array).tobytes() for name, array in weights.items()}
    return (
        outcome.status,
        outcome.error,
        repr(outcome.metrics),
        repr(outcome.history),
        outcome.best_epoch,
        plain,
    )


def alone(settings: NetworkSettings, seed: int, data: TrainingData) -> tuple[Any, ...]:
    population = Population([settings], [seed], data, metric=METRIC[data.task])
    population.run()
    return bits(population, 0)


@pytest.mark.parametrize("kind", ["multiclass", "binary", "regression"])
@hypothesis_settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(members=populations(), data=st.data())
def test_a_group_gives_the_bits_of_each_alone(
    kind: str, members: tuple[list[NetworkSettings], list[int]], data: st.DataObject, request: Any
) -> None:
    training = request.getfixturevalue(kind)
    settings, seeds = members
    order = data.draw(st.permutations(range(len(settings))))
    population = Population(
        [settings[i] for i in order], [seeds[i] for i in order], training, metric=METRIC[training.task]
    )
    population.run()
    for place, i in enumerate(order):
        assert bits(population, place) == alone(settings[i], seeds[i], training)


@hypothesis_settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(members=populations(), data=st.data())
def test_states_go_on_in_another_grouping_with_the_same_bits(
    members: tuple[list[NetworkSettings], list[int]], data: st.DataObject, multiclass: TrainingData
) -> None:
    settings, seeds = members
    rung = data.draw(st.integers(0, 3))
    population = Population(settings, seeds, multiclass, metric="validation_accuracy")
    population.run(until=rung)
    found = {i: bits(population, i) for i in range(len(settings)) if not population.running(i)}
    going = [i for i in data.draw(st.permutations(range(len(settings)))) if population.running(i)]
    states = {i: population.state(i) for i in going}
    cut = data.draw(st.integers(0, len(going)))
    for part in (going[:cut], going[cut:]):
        if part:
            resumed = Population(
                [settings[i] for i in part],
                [seeds[i] for i in part],
                multiclass,
                metric="validation_accuracy",
                states=[states[i] for i in part],
            )
            resumed.run()
            found |= {i: bits(resumed, place) for place, i in enumerate(part)}
    for i, (one, seed) in enumerate(zip(settings, seeds, strict=True)):
        assert found[i] == alone(one, seed, multiclass)


def test_a_state_is_plain_arrays_and_numbers(settings: Any, multiclass: TrainingData) -> None:
    one = settings({"batch_norm": True, "patience": 3, "epochs": 5})
    population = Population([one], [1], multiclass, metric="validation_loss")
    population.run(until=2)
    for value in population.state(0).values():
        assert type(value) in (int, float, np.ndarray)


def test_train_keeps_the_order_and_groups_by_itself(settings: Any, multiclass: TrainingData) -> None:
    flats: list[dict[str, Any]] = [
        {"hidden_units": 9},
        {"hidden_layers": 2, "batch_norm": True},
        {"hidden_units": 4, "learning_rate": 0.1},
        {"optimizer": "sgd"},
        {"hidden_units": 9, "dropout": 0.5},
    ]
    many = [settings(flat) for flat in flats]
    outcomes = train(many, [1, 2, 3, 4, 5], multiclass, metric="validation_accuracy")
    for one, seed, outcome in zip(many, [1, 2, 3, 4, 5], outcomes, strict=True):
        (single,) = train([one], [seed], multiclass, metric="validation_accuracy")
        assert (outcome.metrics, outcome.history) == (single.metrics, single.history)


def test_groups_hold_every_trial_once_and_share_their_key(settings: Any, multiclass: TrainingData) -> None:
    many = [
        settings(
            {"hidden_units": 3 + i % 5, "batch_norm": i % 2 == 0, "optimizer": "sgd" if i % 3 else "adam"}
        )
        for i in range(150)
    ]
    groups = group(many, multiclass)
    assert sorted(i for indices in groups for i in indices) == list(range(150))
    for indices in groups:
        assert len({group_key(many[i]) for i in indices}) == 1
        assert len(indices) <= 32


def test_large_networks_are_trained_alone(settings: Any, multiclass: TrainingData) -> None:
    many = [settings({"hidden_units": 500, "hidden_layers": 2})] * 3 + [settings({"hidden_units": 200})] * 9
    sizes = sorted(len(indices) for indices in group(many, multiclass))
    assert sizes[:3] == [1, 1, 1]
    assert sizes[3:] == [9]


def test_a_population_refuses_what_cannot_run_together(settings: Any, multiclass: TrainingData) -> None:
    with pytest.raises(ValueError, match="share their group key"):
        Population(
            [settings({}), settings({"optimizer": "sgd"})], [0, 1], multiclass, metric="validation_loss"
        )


def test_states_of_different_epochs_are_refused(settings: Any, multiclass: TrainingData) -> None:
    states = []
    for epochs in (1, 2):
        population = Population([settings({"epochs": 3})], [0], multiclass, metric="validation_loss")
        population.run(until=epochs)
        states.append(population.state(0))
    with pytest.raises(ValueError, match=r"different epochs: \[1, 2\]"):
        Population([settings({"epochs": 3})] * 2, [0, 0], multiclass, metric="validation_loss", states=states)


def test_a_diverging_neighbor_changes_no_bit(settings: Any, multiclass: TrainingData) -> None:
    calm = settings({"optimizer": "sgd", "learning_rate": 0.1, "epochs": 4})
    wild = settings(
        {"optimizer": "sgd", "learning_rate": 1e6, "hidden_layers": 1, "epochs": 4, "initial_scale": 1000}
    )
    population = Population([wild, calm, wild], [1, 2, 3], multiclass, metric="validation_accuracy")
    population.run()
    assert population.outcome(0).status == "diverged"
    assert population.outcome(1).status == "done"
    assert bits(population, 1) == alone(calm, 2, multiclass)


def test_a_saved_model_infers_the_bits_of_the_training(
    settings: Any, multiclass: TrainingData, tmp_path: Any
) -> None:
    one = settings({"batch_norm": True, "hidden_layers": 2})
    population = Population([one, one], [4, 5], multiclass, metric="validation_accuracy")
    population.run()
    np.savez(tmp_path / "model.npz", **population.weights(1))
    with np.load(tmp_path / "model.npz", allow_pickle=False) as model:
        outputs = predict(one, model, multiclass.x_validation)
    assert outputs.shape == (len(multiclass.x_validation), 3)
    accuracy = (outputs.argmax(axis=1) == multiclass.y_validation).mean()
    assert accuracy == population.outcome(1).metrics["validation_accuracy"]
    alone_outputs = predict(one, population.weights(1), multiclass.x_validation)
    assert outputs.tobytes() == alone_outputs.tobytes()
