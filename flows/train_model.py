"""The Prefect flow `train_model`: a task that trains in processes of its own, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.operate.configuration import configured
from flows.operate.retries import retried
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.operate.training_artifacts import StepsShown, show_losses, show_samples
from flows.runs.train import TrainingRun, gpu_count, train_apart
from flows.shards import may_help
from motionsight_core.dataset.folder import folder_at
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.training import Stage
from motionsight_core.training.losses import LossFile, told

#: Before the first retry, about; training takes longer to begin than a shard.
_RETRY_S = 10


@task(
    name="train",
    task_run_name="train-{run.stage}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_jitter_factor=0.5,
    retry_condition_fn=may_help,
)
def train_task(run: TrainingRun) -> None:
    """One training run, from its last checkpoint on."""
    log = get_run_logger()
    with StepsShown() as steps:
        losses = _Losses(run.out, steps)
        train_apart(run, on_line=log.info, on_tick=losses.follow)


@flow(name="train-model", flow_run_name=run_name, log_prints=False)
def train_model(
    stage: Stage,
    folder: str,
    model: str,
    out: str,
    settings: Settings | None = None,
    catalog: str | None = None,
    processes: Annotated[int, Field(ge=1)] | None = None,
) -> str:
    """Train a video LLM on a data set, as `motionsight train` does; returns the path of the trained model.

    Killed, cancelled or failed, the next run with the same parameters goes on from the last checkpoint.

    Args:
        stage: sft, on questions and answers; dpo, on what people preferred.
        folder: the data set, which the worker sees.
        model: directory or hub id of a video LLM; for dpo what sft wrote.
        out: a new folder, or that of the same run; on a disk that outlives the worker.
        settings: knobs; the section `training` says how it is trained.
        catalog: name of a MotionSight Catalog block.
        processes: on this machine, under torchrun where several; as many as it has GPUs, if unset.

    Raises:
        UsageError: the data set, the folder or the settings are not fit for it.
        RunError: a clip cannot be decoded, the folder not be written, or memory ran out.
    """
    without_tracebacks()
    with configured(settings=settings, catalog=catalog) as chosen:
        run = TrainingRun(
            stage,
            folder_at(folder).absolute(),
            model,
            _on_disk(out),
            chosen.settings,
            processes or max(1, gpu_count(chosen.settings)),
        )
        trying = retried(train_task, run.settings.runtime.shard_retries, pause_s=_RETRY_S)
        try:
            trying(run)
        except RunError:
            show_losses(run.out)  # which may show why
            raise
        show_losses(run.out)
        show_samples(run.out)
    return str(run.out)


def _on_disk(out: str) -> Path:
    if "://" in out:
        raise UsageError(f"A trained model is written to a disk, and {out} is not on one: name a path there.")
    return Path(out).expanduser().absolute()


class _Losses:
    """The losses of a run while it is trained: lines of the log, and a progress artifact."""

    def __init__(self, out: Path, steps: StepsShown) -> None:
        self._file, self._steps = LossFile(out), steps
        self._log = get_run_logger()
        self._seen = len(self._file.read())

    def follow(self) -> None:
        """Tell what was written since the last time."""
        lines = self._file.read()
        # Fewer: those after the checkpoint were dropped, and are trained again.
        self._seen = min(self._seen, len(lines))
        before = lines[self._seen - 1]["step"] if self._seen else 0
        for line in lines[self._seen :]:
            self._log.info(told(line))
            self._steps.at(line["step"], line["steps"], after=before)
        self._seen = len(lines)
