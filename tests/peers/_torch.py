"""fnnet's networks in PyTorch, by its own layers' functions, losses, gradients and optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet._records import Array
from tests.peers._steps import X

torch: Any = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")

torch.set_num_threads(1)  # at this size others only wait

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky-relu": partial(torch.nn.functional.leaky_relu, negative_slope=0.01),
    "gelu": partial(torch.nn.functional.gelu, approximate="tanh"),
    "identity": lambda z: z,
    "softmax": partial(torch.softmax, dim=-1),
}

_mse = torch.nn.MSELoss(reduction="none")
_huber = torch.nn.HuberLoss(reduction="none", delta=1.0)
_bce = torch.nn.BCEWithLogitsLoss(reduction="none")

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "quadratic": lambda a, y: _mse(a, y).sum(-1) / 4,
    "squared-error": lambda a, y: _mse(a, y).sum(-1) / 2,
    "huber": lambda a, y: _huber(a, y).sum(-1),
    "cross-entropy": lambda z, y: _bce(z, y).sum(-1),
    "log-likelihood": torch.nn.CrossEntropyLoss(reduction="none"),
}
"""Each sample's cost from the outputs; the last two take linear outputs."""


class Networks:
    """K networks with the same hidden layers, in tensors (K, ...): each is on its own.

    The sum of their losses gives each its own gradient, and torch's optimizers take every number
    by itself, so one run of torch is K.
    """

    def __init__(self, members: Sequence[fnnet.Params], costs: Sequence[str]) -> None:
        architectures = [member.architecture for member in members]
        self.hidden = [ACTIVATIONS[a.name] for a in architectures[0].activations[:-1]]
        self.outputs = [ACTIVATIONS[a.activations[-1].name] for a in architectures]
        self.costs = costs
        stacked = np.stack([member.theta for member in members])
        matrices = architectures[0].matrices(stacked)
        self.weights = [_parameter(matrix[..., :-1]) for matrix in matrices]
        self.biases = [_parameter(matrix[..., -1]) for matrix in matrices]

    @property
    def theta(self) -> Array:
        """The numbers of each network in fnnet's order, (K, P)."""
        pairs = zip(self.weights, self.biases, strict=True)
        rows = [torch.cat([w, b[..., None]], -1).flatten(1) for w, b in pairs]
        theta: Array = torch.cat(rows, -1).detach().numpy()
        return theta

    def losses(self, x: Any, targets: Sequence[Any]) -> list[Any]:
        """Each network's loss of each sample."""
        a = x
        for w, b, activation in zip(self.weights, self.biases, [*self.hidden, None], strict=True):
            z = a @ w.mT + b[:, None]
            a = activation(z) if activation else z
        return [
            LOSSES[cost](z if cost in ("cross-entropy", "log-likelihood") else output(z), y)
            for output, cost, z, y in zip(self.outputs, self.costs, a, targets, strict=True)
        ]


def _parameter(array: Array) -> Any:
    return torch.nn.Parameter(torch.tensor(array))


@attrs.frozen(kw_only=True)
class Method:
    """How torch descends: an optimizer, and what happens to the loss and to the gradient first."""

    optimizer: Callable[..., Any] = torch.optim.SGD
    eta: float = 0.05
    decay: float = 0.0
    l1: float = 0.0
    clip: float | None = None
    schedule: Callable[[Any], Any] | None = None

    def trained(
        self, networks: Networks, targets: Sequence[Array], weights: Array | None = None
    ) -> Array:
        """Theta of each network after a step along each of the comparison's mini batches."""
        weights = np.ones(X.shape[:2]) if weights is None else weights
        return self.descended(networks, zip(X, weights, *targets, strict=True))

    def descended(self, networks: Networks, batches: Iterable[Sequence[Array]]) -> Array:
        """The same along others: inputs, what each sample counts, each network's targets."""
        groups = [
            {"params": networks.weights, "weight_decay": self.decay},
            {"params": networks.biases, "weight_decay": 0.0},
        ]
        optimizer = self.optimizer(groups, lr=self.eta)
        scheduler = self.schedule(optimizer) if self.schedule else None
        for batch in batches:
            x, counts, *targets = map(torch.from_numpy, batch)
            optimizer.zero_grad()
            loss = sum((counts * losses).mean() for losses in networks.losses(x, targets))
            loss += self.l1 * sum(w.abs().sum() for w in networks.weights)
            loss.backward()
            if self.clip is not None:
                torch.nn.utils.clip_grad_value_(networks.weights + networks.biases, self.clip)
            optimizer.step()
            if scheduler:
                scheduler.step()
        return networks.theta
