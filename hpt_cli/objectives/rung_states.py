"""Where trials stand at a rung, as files: a cache, so that survivors go on in any worker.

One file a trial, replaced at each rung, in NumPy's own format without pickles.  A file that is missing,
damaged, or of other params or seeds is no state: the trial then starts over, to the same bits.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from hpt_cli.network import State, TrainingOutcome
from hpt_cli.space import key
from hpt_cli.trial import TrialSpec

Standing = State | TrainingOutcome
"""Where one repeat stands: on its way, or ended."""


class RungStates:
    """The states of a study's trials.

    Args:
        folder: Where the files are; made when it is first needed.
        context: What the bits depend on besides params and seeds: part of what a file is recognized by.
    """

    def __init__(self, folder: Path, context: Mapping[str, object]) -> None:
        self._folder, self._context = folder, context

    def save(self, spec: TrialSpec, started: float, repeats: Sequence[Standing]) -> None:
        """Keep where a trial stands."""
        about: list[Any] = []
        arrays: dict[str, Any] = {}
        for index, standing in enumerate(repeats):
            if isinstance(standing, TrainingOutcome):
                about.append(asdict(standing))
                continue
            about.append(None)
            arrays |= {f"{index}/{name}": value for name, value in standing.items()}
        text = json.dumps({"identity": self._identity(spec), "started": started, "repeats": about})
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".tmp-{spec.number}-{os.getpid()}.npz"
        np.savez(draft, about=np.frombuffer(text.encode(), np.uint8), allow_pickle=False, **arrays)
        draft.replace(self._path(spec.number))

    def load(self, spec: TrialSpec) -> tuple[float, list[Standing]] | None:
        """When the trial was started and where its repeats stand; ``None`` if that is not known."""
        try:
            # opened here: NumPy leaves a file open that it cannot read
            with self._path(spec.number).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                if about["identity"] != self._identity(spec):
                    return None
                standings: list[Standing] = [
                    _running(file, index) if ended is None else _outcome(ended)
                    for index, ended in enumerate(about["repeats"])
                ]
                return float(about["started"]), standings
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def forget(self, numbers: Sequence[int] | None) -> None:
        """Remove the files of these trials, or all."""
        if numbers is None:
            paths = list(self._folder.glob("*.npz")) + list(self._folder.glob(".tmp-*"))
        else:
            paths = [self._path(number) for number in numbers]
        with suppress(OSError):
            for path in paths:
                path.unlink(missing_ok=True)
            if numbers is None:
                self._folder.rmdir()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:05d}.npz"

    def _identity(self, spec: TrialSpec) -> str:
        text = json.dumps([key(spec.params), list(spec.seeds), self._context], sort_keys=True, default=str)
        return blake2b(text.encode(), digest_size=16).hexdigest()


def _running(file: Mapping[str, Any], index: int) -> State:
    start = f"{index}/"
    state = {name.removeprefix(start): file[name] for name in file if name.startswith(start)}
    return {name: value if value.ndim else value.item() for name, value in state.items()}


def _outcome(ended: Mapping[str, Any]) -> TrainingOutcome:
    history = {name: tuple(curve) for name, curve in ended["history"].items()}
    return TrainingOutcome(**{**ended, "history": history})
