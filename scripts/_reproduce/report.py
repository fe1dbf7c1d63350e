"""The results as lines on a terminal, as the tables of `results.md`, and as pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

import fnnet
from _common import Array
from _report import machine, markdown_table, save_picture
from _reproduce.experiment import FROM_EPOCH, Experiment, Result, Settings, figures, verdict

_OF = {
    "first": "after the first epoch",
    "best": "the best epoch",
    "validated": "the epoch that is best on the validation images",
    "each": "each epoch",
}

_ALWAYS = ("cost", "eta", "batch_size", "epochs")
"""Settings that are told even where they are the usual ones."""

_COLUMNS = (
    *("result", "published", "ours, mean (range)", "best seed", "verdict", "last epoch"),
    *("best on validation", "seeds", "time", "name"),
)
_NOTE = f"""\
In percent, of right answers or, where the source prints errors, of wrong ones; the range is the \
seeds'. Beside the epoch that is compared, the table has the last one, on the same images, and, \
always on the test images, the one that is best on the validation images. A figure is reproduced \
where at least one seed reaches it, or comes as near as "within" says; a curve where the seeds' \
mean does so from epoch {FROM_EPOCH} on."""


def line(result: Result) -> str:
    """A result in a line, for a terminal."""
    _, published, ours, best, said, *_, seeds, time, _ = _cells(result)
    trained = f"{count(int(seeds), 'seed')}, {time}; digest {_digest(result)}"
    name = result.experiment.name
    return f"{name}: published {published}; ours {ours}, best {best}; {said}; {trained}"


def markdown(results: Sequence[Result], data: str) -> str:
    """The text of `results.md`, with the name of the data."""
    here = machine()
    blocks = [
        "# Published results, and fnnet's",
        f"{data}. {here['processor']}, {here['usable']} of {here['cores']} cores.",
        markdown_table(_COLUMNS, map(_cells, results)),
        _NOTE,
        "\n".join(line for result in results for line in _point(result)),
    ]
    if curves := [result for result in results if result.experiment.of == "each"]:
        blocks += ["## Epoch by epoch", _curves(curves)]
    return "\n\n".join(blocks) + "\n"


def _cells(result: Result) -> Sequence[str]:
    """A row of the table."""
    experiment, seconds = result.experiment, result.seconds
    # Of a curve, the last epoch stands for it.
    ours = figures(result, "last" if experiment.of == "each" else None)
    best = ours.max() if experiment.unit == "accuracy" else ours.min()
    time = f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return (
        experiment.title,
        _published(experiment),
        _spread(ours),
        f"{best:.2f}",
        verdict(result),
        _spread(figures(result, "last")),
        _spread(figures(result, "validated")),
        str(len(result.digests)),
        f"{seconds / 60:.0f} min" if seconds >= 120 else time,
        f"`{experiment.name}`",
    )


def _point(result: Result) -> Iterator[str]:
    """A point of a list: what was trained, what was compared, how open settings were chosen."""
    experiment = result.experiment
    network = "-".join(map(str, experiment.sizes))
    usual, settings = Settings(config=fnnet.TrainConfig()).described(), result.settings.described()
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
            f"{count(experiment.trial, 'epoch')}, with a seed that no result has ({scores})."
        )
    yield f"  Digest: {_digest(result)}."


def _words(settings: Mapping[str, str], names: Iterable[str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {settings[name]}" for name in names)


def _curves(results: Iterable[Result]) -> str:
    """A table with a row for each epoch."""
    columns: dict[str, Iterable[str]]
    columns = {"epoch": map(str, range(max(len(figures(result)) for result in results)))}
    for result in results:
        if printed := result.experiment.published:
            columns["printed"] = (f"{figure:.2f}" for figure in printed)
        columns[result.experiment.title] = map(_spread, figures(result))
    return markdown_table(list(columns), zip(*columns.values(), strict=False))


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


def _digest(result: Result) -> str:
    """A short digest of all networks: a second run has the same."""
    return sha256("\n".join(result.digests).encode()).hexdigest()[:12]


def count(number: int, noun: str) -> str:
    """A number with its noun: 1 seed, 2 seeds."""
    return f"{number} {noun}{'s' * (number != 1)}"


def plot_curves(results: Sequence[Result], path: Path) -> None:
    """Draw curves over the epochs: the mean and range of the seeds, and the printed figures."""
    from matplotlib.figure import Figure  # slow to import, and optional

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    ax = figure.subplots()
    for result in results:
        accuracies = figures(result)
        epochs = np.arange(len(accuracies))
        label = f"{result.experiment.title} ({accuracies.shape[1]} seeds)"
        (curve,) = ax.plot(epochs, accuracies.mean(axis=1), label=label)
        low, high = accuracies.min(axis=1), accuracies.max(axis=1)
        ax.fill_between(epochs, low, high, color=curve.get_color(), alpha=0.2, linewidth=0)
        if printed := result.experiment.published[: len(epochs)]:  # a quick pass has fewer
            ax.plot(epochs, printed, "o", markersize=3, color="black", label="as printed")
    ax.set(xlabel="epoch", ylabel="test images right, %", ylim=(None, 100))
    ax.legend(frameon=False, fontsize="small")
    save_picture(figure, path)


def plot_points(results: Sequence[Result], path: Path) -> None:
    """Draw a row for each result: its seeds and the published figure, both as errors."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    figure = Figure(figsize=(7, 1 + 0.35 * len(results)), layout="constrained")
    ax = figure.subplots()
    for row, result in enumerate(results):
        is_error, published = result.experiment.unit == "error", result.experiment.published
        ours, printed = (v if is_error else 100 - v for v in (figures(result), np.array(published)))
        (seeds,) = ax.plot(ours, np.full(len(ours), row), "C0o", alpha=0.5)
        (mark,) = ax.plot(printed, [row], "k|", markersize=16, markeredgewidth=2)
    labels = ["fnnet, a point for each seed", "published"]
    figure.legend([seeds, mark], labels, loc="outside lower center", ncols=2, frameon=False)
    ax.set_yticks(range(len(results)), [result.experiment.title for result in results])
    ax.invert_yaxis()
    ax.set(xscale="log", xlabel="wrong answers, %")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    save_picture(figure, path)
