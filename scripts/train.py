"""Train a network: with no argument, the notebook's on the embedded digits."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import attrs
from rich.progress import Progress

import _options as o
import _run_folder
import _settings
import fnnet
from _common import percent, require, run
from _data import Data, class_names, data_name, digest_of, load_data, task_of
from _report import machine, versions


def main(
    data: Data = None,
    target: Annotated[str | None, o.TARGET] = None,
    task: Annotated[o.TaskName | None, o.TASK] = None,
    header: Annotated[bool | None, o.HEADER] = None,
    scale: Annotated[Literal["none", "standard", "min-max"], o.SCALE] = "none",
    hidden: Annotated[str, o.HIDDEN] = "16,16",
    activation: Annotated[str | None, o.ACTIVATION] = None,
    output: Annotated[o.ActivationName | None, o.OUTPUT] = None,
    weights: Annotated[o.WeightsName | None, o.WEIGHTS] = None,
    biases: Annotated[o.BiasesName | None, o.BIASES] = None,
    dtype: Annotated[o.DtypeName, o.DTYPE] = "float32",
    epochs: Annotated[int, o.EPOCHS] = 30,
    batch_size: Annotated[int, o.BATCH_SIZE] = 10,
    eta: Annotated[float | None, o.ETA] = None,
    cost: Annotated[o.CostName, o.COST] = "quadratic",
    optimizer: Annotated[o.OptimizerName, o.OPTIMIZER] = "sgd",
    momentum: Annotated[float | None, o.MOMENTUM] = None,
    schedule: Annotated[o.ScheduleName, o.SCHEDULE] = "constant",
    warm_up: Annotated[float | None, o.WARM_UP] = None,
    clip_norm: Annotated[float | None, o.CLIP_NORM] = None,
    clip_value: Annotated[float | None, o.CLIP_VALUE] = None,
    l2: Annotated[float, o.L2] = 0.0,
    l1: Annotated[float, o.L1] = 0.0,
    decay: Annotated[float | None, o.DECAY] = None,
    dropout: Annotated[str, o.DROPOUT] = "none",
    label_smoothing: Annotated[float, o.LABEL_SMOOTHING] = 0.0,
    class_weights: Annotated[Literal["none", "balanced"], o.CLASS_WEIGHTS] = "none",
    augment: Annotated[str, o.AUGMENT] = "none",
    early_stopping: Annotated[int | None, o.EARLY_STOPPING] = None,
    seed: Annotated[int, o.SEED] = 0,
    out: Annotated[Path | None, o.OUT] = None,
    monitor_training: Annotated[bool, o.MONITOR_TRAINING] = False,
    resume: Annotated[bool, o.RESUME] = False,
) -> None:
    """Train a network, and print after each epoch how many test samples it gets right."""
    if resume and out is None:
        raise fnnet.InputError("--out is not given: expected the folder of the run to --resume")
    name, reading = data_name(data), {"target": target, "task": task, "header": header}
    splits = load_data(name, reading)
    fit = {"none": None, "standard": fnnet.standardisation, "min-max": fnnet.min_max}[scale]
    scaling = fit(splits.train) if fit else None
    splits = fnnet.apply_scaling(scaling, splits) if scaling else splits
    goal = task_of(splits.train, task)
    if splits.train.classes is None:
        labels = "data with class labels (of a CSV, --task classification)"
        require(not label_smoothing, "--label-smoothing", label_smoothing, labels)
        require(class_weights == "none", "--class-weights", class_weights, labels)
    train = fnnet.weigh_classes(splits.train) if class_weights == "balanced" else splits.train
    train = fnnet.smooth_labels(train, label_smoothing) if label_smoothing else train
    units = _settings.numbers("--hidden", hidden, int)
    require(min(units, default=1) > 0, "--hidden", hidden, "at least 1 unit in each layer")
    shares = _settings.numbers("--dropout", dropout, float)
    parts = [make(size / len(train)) for make, size in ((fnnet.l2, l2), (fnnet.l1, l1)) if size]
    limits = ((fnnet.clip_by_value, clip_value), (fnnet.clip_by_norm, clip_norm))
    parts += [clip(limit) for clip, limit in limits if limit is not None]
    config = fnnet.TrainConfig(
        epochs=epochs,
        batch_size=batch_size,
        eta=_settings.default_eta(cost, optimizer, goal) if eta is None else eta,
        seed=seed,
        cost=cost,
        optimizer=_settings.optimizer(optimizer, momentum, decay, parts),
        schedule=_settings.schedule(schedule, epochs, warm_up),
        dropout=tuple(shares) if len(shares) > 1 else sum(shares),
        augment=_settings.augmentation(augment, splits.train),
        patience=early_stopping,
    )
    params = fnnet.init(
        [train.n_in, *units, train.n_out],
        seed=seed,
        activations=_settings.activations(activation, output, cost, len(units), goal),
        dtype=dtype,
        **_settings.first(activation, weights, biases),
    )
    monitor = {"validation": splits.validation, "test": splits.test}
    if monitor_training:
        monitor["training"] = splits.train
    state = fnnet.start(params, config)
    states = fnnet.trajectory(state, train, config, monitor=monitor)
    figures = ("total", "cost") if goal == "regression" else _run_folder.FIGURES

    with _run_folder.held(out, resume=resume) if out else nullcontext():
        if out is not None:
            names = None if goal == "regression" else class_names(name, reading)
            settings = attrs.asdict(config, recurse=False)
            description = {
                "data": name,
                "reading": reading,
                "scale": scale,
                "task": goal,
                "classes": names or [str(label) for label in range(max(2, train.n_out))],
                "network": {
                    "sizes": params.sizes,
                    "activations": [one.name for one in params.architecture.activations],
                    "dtype": params.dtype.name,
                },
                "config": {key: getattr(value, "name", value) for key, value in settings.items()},
                "versions": versions("fnnet", "numpy"),
                "machine": machine()["processor"],
                "digests": {
                    "training data": digest_of(train),
                    "validation data": digest_of(splits.validation),
                    "start": params.digest(),
                },
            }
            if resume:
                state, _ = _run_folder.load(out, description)
                states = fnnet.trajectory(state, train, config, monitor=monitor)
            _run_folder.begin(out, description, state, scaling)
        try:
            with Progress(disable=not sys.stdout.isatty()) as progress:
                bar = progress.add_task("Training", total=max(0, epochs - state.epoch))
                for new in states:
                    if out is not None:
                        _run_folder.add(out, new, scaling, figures)
                    print(f"Epoch {state.epoch}: {_in_words(new, goal)}", flush=True)
                    progress.advance(bar)
                    state = new
        except KeyboardInterrupt:
            kept = "add --resume to go on" if out else "without --out, nothing is kept"
            print(f"\nInterrupted; finished epochs: {state.epoch}; {kept}.")
            _report(state.result, splits.test, config, goal)
            raise
    if state.epoch > epochs:
        print(f"Nothing to do: the run has {state.epoch} epochs, --epochs is {epochs}.")
    if state.epoch < epochs:
        print(f"Stopped early: {early_stopping} epochs without a better validation score.")
    _report(state.result, splits.test, config, goal)


def _in_words(state: fnnet.TrainState, task: str) -> str:
    test = dict(state.history[-1].evaluations)["test"]
    if task == "regression":
        return f"the cost is {test.cost:.6f}"
    return f"{test.correct} / {test.total}, precision is {percent(test.accuracy)}"


def _report(
    params: fnnet.Params, test: fnnet.Dataset, config: fnnet.TrainConfig, task: str
) -> None:
    """Print how good the parameters to use are: with early stopping, the best ones."""
    evaluation = fnnet.evaluate(params, test, cost=config.cost)
    if task == "regression":
        print(f"Test cost: {evaluation.cost:.6f}")
        print(f"Test R2: {fnnet.regression_report(params, test).r2:.4f}")
    else:
        print(f"Test accuracy: {percent(evaluation.accuracy)}")
    print(f"Digest of the params: {params.digest()}")


if __name__ == "__main__":
    run(main)
