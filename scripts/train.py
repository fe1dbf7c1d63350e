"""Train a network: with no argument, the notebook's on the embedded digits."""

from __future__ import annotations

import sys
from typing import Any

from rich.progress import Progress

import _options as o
import _run_folder
import _settings
import fnnet
from _common import Data, Reading, class_names, data_name, load_data, percent, run, task_of
from fnnet._checks import InputError, integer


def main(
    data: Data = None,
    target: o.Target = None,
    task: o.Task = None,
    header: o.Header = None,
    scale: o.Scale = "none",
    hidden: o.Hidden = "16,16",
    activation: o.HiddenActivation = None,
    output: o.OutputActivation = None,
    weights: o.Weights = None,
    biases: o.Biases = None,
    dtype: o.Dtype = "float32",
    epochs: o.Epochs = 30,
    batch_size: o.BatchSize = 10,
    eta: o.Eta = None,
    cost: o.CostName = "quadratic",
    optimizer: o.OptimizerName = "sgd",
    momentum: o.Momentum = None,
    schedule: o.ScheduleName = "constant",
    warm_up: o.WarmUp = None,
    clip_norm: o.ClipNorm = None,
    clip_value: o.ClipValue = None,
    l2: o.L2 = 0.0,
    l1: o.L1 = 0.0,
    decay: o.Decay = None,
    dropout: o.Dropout = "none",
    label_smoothing: o.LabelSmoothing = 0.0,
    class_weights: o.ClassWeights = "none",
    augment: o.Augment = "none",
    early_stopping: o.EarlyStopping = None,
    seed: o.SeedOption = 0,
    out: o.Out = None,
    monitor_training: o.MonitorTraining = False,
    resume: o.Resume = False,
) -> None:
    """Train a network, printing after each epoch how many of the test samples it gets right."""
    reading = Reading(target, task, header)
    splits, scaling = _settings.scaled(load_data(data, reading), scale)
    task = task_of(splits.train, task)
    train = _settings.training_data(
        splits.train, label_smoothing=label_smoothing, class_weights=class_weights
    )
    units = _settings.units(hidden)
    if early_stopping is not None:
        integer("--early-stopping", early_stopping, at_least=1)
    config = fnnet.TrainConfig(
        epochs=epochs,
        batch_size=batch_size,
        eta=_settings.default_eta(cost, optimizer, task) if eta is None else eta,
        seed=seed,
        cost=cost,
        optimizer=_settings.optimizer(
            optimizer,
            len(train),
            momentum=momentum,
            decay=decay,
            l1=l1,
            l2=l2,
            clip_norm=clip_norm,
            clip_value=clip_value,
        ),
        schedule=_settings.schedule(schedule, epochs, warm_up),
        dropout=_settings.dropout(dropout),
        augment=_settings.augmentation(augment, splits.train),
        patience=early_stopping,
    )
    params = fnnet.init(
        [train.n_in, *units, train.n_out],
        seed=seed,
        activations=_settings.activations(activation, output, cost, len(units), task),
        dtype=dtype,
        **_settings.first(activation, weights, biases),
    )
    classes = None if task == "regression" else class_names(data, reading)
    classes = classes or [str(label) for label in range(max(2, train.n_out))]
    validation = splits.validation
    description = _run_folder.describe(
        data_name(data), reading, scale, task, classes, train, validation, params, config
    )

    state, rows = fnnet.start(params, config), list[dict[str, Any]]()
    if resume:
        if out is None:
            raise InputError("--out is not given: expected the folder of the run to --resume")
        state, rows = _run_folder.resume(out, description)
    monitor = {"validation": validation, "test": splits.test}
    if monitor_training:
        monitor["training"] = splits.train
    states = fnnet.trajectory(state, train, config, monitor=monitor)
    if out is not None and not resume:
        _run_folder.create(out)
        _run_folder.write(out, state, description, rows, scaling)
    try:
        with Progress(disable=not sys.stdout.isatty()) as progress:
            bar = progress.add_task("Training", total=max(0, epochs - state.epoch))
            for new in states:
                if out is not None:
                    rows.append(_run_folder.row(new, task))
                    _run_folder.write(out, new, description, rows, scaling)
                test = dict(new.history[-1].evaluations)["test"]
                print(f"Epoch {state.epoch}: {_in_words(test, task)}", flush=True)
                progress.advance(bar)
                state = new
    except KeyboardInterrupt:
        print(f"\nInterrupted; {state.epoch} epochs are finished.")
        _report(state, splits.test, config, task)
        raise
    if state.epoch < epochs:
        print(f"Stopped early: {early_stopping} epochs without a better validation score.")
    _report(state, splits.test, config, task)


def _in_words(test: fnnet.Evaluation, task: str) -> str:
    if task == "regression":
        return f"the cost is {test.cost:.6f}"
    return f"{test.correct} / {test.total}, precision is {percent(test)}"


def _report(
    state: fnnet.TrainState, test: fnnet.Dataset, config: fnnet.TrainConfig, task: str
) -> None:
    """Of the parameters to use: the best ones, with early stopping."""
    params = state.result
    evaluation = fnnet.evaluate(params, test, cost=config.cost)
    if task == "regression":
        print(f"Test cost: {evaluation.cost:.6f}")
        print(f"Test R2: {fnnet.regression_report(params, test).r2:.4f}")
    else:
        print(f"Test accuracy: {percent(evaluation)}")
    print(f"Digest of the params: {params.digest()}")


if __name__ == "__main__":
    run(main)
