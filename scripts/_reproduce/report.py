"""The results as lines on a terminal, and as the tables of `results.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import numpy as np

import fnnet
from _machine import machine
from _reproduce.experiment import Experiment, Settings
from _reproduce.result import FROM_EPOCH, Result, figures, verdict
from fnnet._records import Array

__all__ = ["count", "line", "markdown"]

_OF = {
    "first": "after the first epoch",
    "best": "the best epoch",
    "validated": "the epoch that is best on the validation images",
    "each": "each epoch",
}

_ALWAYS = ("cost", "eta", "batch_size", "epochs")
"""Settings that are told even where they are the usual ones."""


def line(result: Result) -> str:
    """A result in a line, for a terminal."""
    experiment = result.experiment
    ours = f"ours {_spread(_summary(result))}, best {_best(result)}"
    took = f"{count(len(result.digests), 'seed')}, {_duration(result.seconds)}"
    digest = f"digest {_digest(result)}"
    parts = (f"published {_published(experiment)}", ours, verdict(result).text, took, digest)
    return f"{experiment.name}: {'; '.join(parts)}"


def markdown(commands: Mapping[str, Result], data: str) -> str:
    """The text of `results.md`.

    Parameters
    ----------
    commands
        The results, each by what it comes from: the arguments of `reproduce.py`.
    data
        What was trained on, in words.
    """
    results = list(commands.values())
    here = machine()
    where = f"{data}. {here['processor']}, {here['usable']} of {here['cores']} cores."
    header = "result|published|ours, mean (range)|best seed|verdict|last epoch"
    header += "|best on validation|seeds|time|command"
    rows = (
        (
            result.experiment.title,
            _published(result.experiment),
            _spread(_summary(result)),
            _best(result),
            verdict(result).text,
            _spread(figures(result, "last")),
            _spread(figures(result, "validated")),
            str(len(result.digests)),
            _duration(result.seconds),
            f"`reproduce.py {command}`",
        )
        for command, result in commands.items()
    )
    blocks = [
        "# Published results, and fnnet's",
        where,
        "\n".join(_table(header.split("|"), rows)),
        "In percent, of right answers or, where the source prints errors, of wrong ones; the range "
        "is the seeds'. Beside the epoch that is compared, the table has the last one, on the same "
        "images, and, always on the test images, the one that is best on the validation images. A "
        'figure is reproduced where one seed at least comes to it ("within": give or take so '
        f"much), a curve where the seeds' mean does from epoch {FROM_EPOCH} on.",
        "\n".join(line for result in results for line in _point(result)),
    ]
    curves = [result for result in results if result.experiment.of == "each"]
    if curves:
        blocks.append("## Epoch by epoch")
        blocks.append("\n".join(_curves(curves)))
    return "\n\n".join(blocks) + "\n"


def _point(result: Result) -> Iterator[str]:
    """What was trained, what was compared, and how open settings were chosen: a point of a list."""
    experiment = result.experiment
    network = "-".join(map(str, experiment.sizes))
    usual = Settings(config=fnnet.TrainConfig()).described()
    settings = result.settings.described()
    names = [name for name in settings if name in _ALWAYS or settings[name] != usual[name]]
    yield f"- `{experiment.name}`: {experiment.source}. {network}, {_words(settings, names)}."
    within = f", within {experiment.within:g}" * (experiment.within > 0)
    compared = f"{_OF[experiment.of]}, {experiment.on} images{within}"
    yield f"  Compared: {compared}. {experiment.note}".rstrip()
    if result.tried:
        tried = [(settings.described(), score) for settings, score in result.tried]
        names = [name for name in settings if len({one[name] for one, _ in tried}) > 1]
        scores = "; ".join(f"{_words(one, names)}: {score:.2f}" for one, score in tried)
        yield (
            f"  Chosen: {_words(settings, names)}; by the right validation images in the best of "
            f"{count(experiment.trial, 'epoch')}, of a seed that is no other's ({scores})."
        )
    yield f"  Digest: {_digest(result)}."


def _words(settings: Mapping[str, str], names: Sequence[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {settings[name]}" for name in names)


def _curves(results: Sequence[Result]) -> Iterator[str]:
    header, columns = ["epoch"], list[list[str]]()
    for result in results:
        if result.experiment.published:
            header.append("printed")
            columns.append([f"{figure:.2f}" for figure in result.experiment.published])
        header.append(result.experiment.title)
        columns.append([_spread(row) for row in figures(result)])
    rows = zip(*columns, strict=False)
    return _table(header, ((str(epoch), *cells) for epoch, cells in enumerate(rows)))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---", *("---:" for _ in header[1:])], *rows):
        yield f"| {' | '.join(row)} |"


def _summary(result: Result) -> Array:
    """A figure for each seed: of a curve, its last."""
    return figures(result, "last" if result.experiment.of == "each" else None)


def _published(experiment: Experiment) -> str:
    printed = experiment.published
    if not printed:
        return "no figure"
    if len(printed) > 1:
        return f"{printed[0]:.2f} to {printed[-1]:.2f}, epoch by epoch"
    about = "about " if experiment.within else ""
    under = "under " if experiment.unit == "under" else ""
    error = " error" if experiment.unit == "error" else ""
    return f"{under}{about}{printed[0]:g} %{error}"


def _spread(values: Array) -> str:
    return f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"


def _best(result: Result) -> str:
    best = np.max if result.experiment.unit == "accuracy" else np.min
    return f"{best(_summary(result)):.2f}"


def _digest(result: Result) -> str:
    """One for all seeds' networks, short: a rerun has the same."""
    return sha256("\n".join(result.digests).encode()).hexdigest()[:12]


def count(number: int, noun: str) -> str:
    """So many of something, in words."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _duration(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
