"""The loop: batches in order, losses, gradients, one step, log, state. Nothing else happens.

Everything random in step s of process r is drawn from (seed, s, r), and the order of recordings
from (seed, epoch): a run that was killed goes on from its last saved state and ends with the same
weights, bit for bit, as one that was not. With R processes (torchrun) losses are over the global
batch and gradients are averaged, so R x B equals 1 x R*B. With `accumulate` > 1 the contrast sees
one micro-batch at a time.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from cardiolex.capabilities import FollowsSteps
from cardiolex.datasets.batches import Batch, collate
from cardiolex.errors import CardiolexError
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes
from cardiolex.training.log import RunLog
from cardiolex.training.optim import MovingAverage, adamw, learning_rate, uses_bf16
from cardiolex.training.order import StepOrder, patients_of
from cardiolex.training.selection import selection
from cardiolex.training.sharding import clip_gradients, shard_text, wholes
from cardiolex.training.state import load_state, save_state, saved_states


class Examples(Protocol):
    """A map-style data set whose items depend on their index only."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Any: ...


@dataclass(frozen=True)
class Trained:
    """Outcome: `weights`, averaged or best where asked, of `step`; `finished`, or stopped."""

    weights: dict[str, Tensor]
    step: int
    finished: bool
    seconds: float
    skipped: int


class Trainer:
    """One run of `config` in `folder` (state, log); resumes what it finds there.

    `prepare` completes a batch on its device, e.g. with report vectors; `validate` returns figures
    that are logged every `validate_every` steps.
    """

    def __init__(
        self,
        system: nn.Module,
        examples: Examples,
        config: TrainerConfig,
        folder: Path,
        processes: Processes,
        *,
        prepare: Callable[[Batch], Batch] = lambda batch: batch,
        validate: Callable[[nn.Module], dict[str, float]] | None = None,
        collate_examples: Callable[[Sequence[Any]], Batch] = collate,
        identity: str = "",
        quiet: bool = False,
    ) -> None:
        """`identity` names the run; a folder with the state of another one is refused."""
        self.config, self.folder, self.processes = config, folder, processes
        self.examples, self.collate = examples, collate_examples
        self.prepare, self.validate = prepare, validate
        self.identity, self.quiet = identity, quiet
        self.system = system.to(processes.device)
        processes.same_start(self.system)
        self.shards = shard_text(self.system, processes, config.shard_text)
        self.optimiser = adamw(system, config.lr, config.weight_decay, config.betas, config.decayed)
        self.average = MovingAverage(self.system, config.average) if config.average else None
        self.best = selection(self.system, config.best_of, config.patience, validate is not None)
        self.losses: Callable[[Batch], dict[str, Tensor]] = system.losses  # type: ignore[assignment]
        self.per_epoch = len(examples) // self._recordings_per_step()
        self.steps = self._total_steps()
        self.validate_every = config.validate_every or self.per_epoch
        self.step, self.skipped, self.skipped_in_a_row, self.seconds = 0, 0, 0, 0.0
        self._stop = False

    def run(self) -> Trained:
        """Train to the end, or until SIGTERM, which saves the state first."""
        self._resume()
        log = RunLog(
            self.folder if self.processes.first else None, self.steps, self.step, self.quiet
        )
        try:
            with self._heeding_sigterm():
                self._loop(log)
        finally:
            log.close()
        finished = self._ended()
        if not finished and self.processes.first:
            print(
                f"cardiolex: stopped at step {self.step} of {self.steps}, the state is saved in "
                f"{self.folder / 'training'}; the same command goes on from there",
                file=sys.stderr,
            )
        chosen = self.average or self.best
        weights = wholes(chosen.weights if chosen else self.system.state_dict())
        if self.shards:
            self.shards.restore()
        step = self.best.step if self.best else self.step
        return Trained(weights, step, finished, self.seconds, self.skipped)

    def _loop(self, log: RunLog) -> None:
        self.system.train()
        batches = iter(self._loader())
        sums: dict[str, float] = {}
        since, begun, logged = time.monotonic(), self.seconds, self.step
        started = since
        while not self._ended() and not self.processes.any(self._stop):
            for name, value in self._one_step(batches).items():
                sums[name] = sums.get(name, 0.0) + value
            self.step += 1
            self.seconds = begun + time.monotonic() - started
            last = self.step == self.steps
            if self.step % self.config.log_every == 0 or last:
                n = self.step - logged
                speed = n * self._recordings_per_step() / (time.monotonic() - since)
                log.write(self.step, self._figures(sums, n) | {"recordings_per_s": speed})
                sums, since, logged = {}, time.monotonic(), self.step
            if self.validate and (self.step % self.validate_every == 0 or last):
                log.write(self.step, self._validated())
                since = time.monotonic()
            if self.step % self.config.save_every == 0 or last:
                self._save()
        if self.step < self.steps:
            self._save()

    def _one_step(self, batches: Any) -> dict[str, float]:
        lr = self._set_learning_rate()
        totals: dict[str, Tensor] = {}
        for micro in range(self.config.accumulate):
            batch = self.prepare(next(batches).to(self.processes.device))
            self._seed(micro)
            with self._autocast():
                losses = self.losses(batch)
            (losses["loss"] / self.config.accumulate).backward()  # type: ignore[no-untyped-call]
            for name, value in losses.items():
                totals[name] = totals.get(name, torch.zeros(())) + value.detach().float().cpu()
        self.processes.average_gradients(self.system.parameters())
        norm = self._update()
        means = {name: float(value) / self.config.accumulate for name, value in totals.items()}
        return {**means, "gradient_norm": norm, "lr": lr}

    def _update(self) -> float:
        """Step, unless the gradient is not finite; returns its norm before clipping."""
        limit = self.config.clip if self.config.clip is not None else float("inf")
        norm = clip_gradients(self.system.parameters(), limit)
        if torch.isfinite(torch.tensor(norm)):
            self.skipped_in_a_row = 0
            self.optimiser.step()
            if isinstance(self.system, FollowsSteps):
                self.system.after_step((self.step + 1) / self.steps)
            if self.average is not None:
                self.average.update(self.system)
        else:
            self._skip()
        self.optimiser.zero_grad()
        return norm

    def _skip(self) -> None:
        self.skipped += 1
        self.skipped_in_a_row += 1
        if self.skipped_in_a_row > self.config.max_skipped:
            raise CardiolexError(
                f"step {self.step}: gradients were not finite {self.skipped_in_a_row} times in a "
                f"row; lower lr (now {self.config.lr:g}), or use precision='fp32'"
            )

    def _seed(self, micro: int) -> None:
        """Everything random in this micro-batch depends on (seed, step, micro, rank) alone."""
        c = self.config
        position = (self.step * c.accumulate + micro) * self.processes.size + self.processes.rank
        torch.manual_seed((c.seed * 2_654_435_761 + position * 40_503 + 1) % 2**63)

    def _set_learning_rate(self) -> float:
        c = self.config
        lr = learning_rate(self.step, self.steps, c.lr, c.warmup_steps, c.final_lr, c.restart_steps)
        for group in self.optimiser.param_groups:
            group["lr"] = c.lr if group.get("steady") else lr
        return lr

    def _autocast(self) -> AbstractContextManager[Any]:
        device = self.processes.device
        if not uses_bf16(self.config.precision, device):
            return nullcontext()
        return torch.autocast(device.type, torch.bfloat16)

    def _loader(self) -> DataLoader[Any]:
        c, p = self.config, self.processes
        order = StepOrder(
            len(self.examples),
            c.batch_size,
            self.steps * c.accumulate,
            start=self.step * c.accumulate,
            seed=c.seed,
            rank=p.rank,
            size=p.size,
            shuffle=c.shuffle,
            patients=patients_of(self.examples) if c.pair_patients else None,
        )
        return DataLoader(
            self.examples,  # type: ignore[arg-type]
            batch_sampler=order,
            collate_fn=self.collate,
            num_workers=c.workers,
            multiprocessing_context="spawn" if c.workers else None,
            prefetch_factor=4 if c.workers else None,
            pin_memory=p.device.type == "cuda",
        )

    def _ended(self) -> bool:
        return self.step >= self.steps or (self.best is not None and self.best.exhausted)

    def _recordings_per_step(self) -> int:
        return self.config.batch_size * self.config.accumulate * self.processes.size

    def _total_steps(self) -> int:
        if self.per_epoch == 0:
            raise CardiolexError(
                f"{len(self.examples)} recordings do not fill one step of "
                f"{self._recordings_per_step()}; lower batch_size or accumulate"
            )
        return self.config.steps or max(1, round(self.config.epochs * self.per_epoch))

    def _figures(self, sums: dict[str, float], n: int) -> dict[str, float]:
        names = list(sums)
        means = self.processes.mean(torch.tensor([sums[name] / n for name in names]))
        figures = dict(zip(names, means.tolist(), strict=True))
        return {**figures, "skipped": float(self.skipped), "seconds": self.seconds}

    def _validated(self) -> dict[str, float]:
        assert self.validate is not None
        self.system.eval()
        with torch.inference_mode():
            figures = self.validate(self.system)
        self.system.train()
        if self.best is not None:
            self.best.consider(figures, self.system, self.step)
        return figures

    def _save(self) -> None:
        if self.processes.first or self.shards:
            names = ("identity", "skipped", "skipped_in_a_row", "seconds")
            save_state(
                self.folder / "training",
                self.step,
                {name: getattr(self, name) for name in names},
                self.system,
                self.optimiser,
                self.average,
                self.best,
                write=self.processes.first,
            )
        self.processes.wait()

    def _resume(self) -> None:
        states = saved_states(self.folder / "training")
        if not states:
            return
        facts = load_state(states[-1], self.system, self.optimiser, self.average, self.best)
        if facts["identity"] != self.identity:
            raise CardiolexError(
                f"{self.folder} holds the state of another run (its settings differ); "
                "train into another folder or delete this one"
            )
        self.step, self.seconds = facts["step"], facts["seconds"]
        self.skipped, self.skipped_in_a_row = facts["skipped"], facts["skipped_in_a_row"]

    @contextmanager
    def _heeding_sigterm(self) -> Iterator[None]:
        """Stop after the step in work; only the main thread can be told."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        previous = signal.signal(signal.SIGTERM, self._on_sigterm)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _on_sigterm(self, *_: object) -> None:
        self._stop = True
