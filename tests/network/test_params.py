from __future__ import annotations

from itertools import pairwise
from math import nan
from typing import Any

import attrs
import numpy as np
import pytest

import fnnet
from fnnet import Architecture, Params, init, stack
from tests._support import SIZES, assert_refused, linear

TINY = Architecture.of([1, 1])


def tiny(*theta: Any, dtype: Any = np.float32) -> Params:
    return Params(TINY, np.array(theta, dtype))


class TestArchitecture:
    @pytest.mark.parametrize("sizes", SIZES)
    def test_counts_the_notebooks_weights_and_biases(self, sizes: tuple[int, ...]) -> None:
        count = sum(x * y + y for x, y in pairwise(sizes))
        assert Architecture.of(sizes).n_parameters == count

    @pytest.mark.parametrize("sizes", SIZES)
    def test_says_which_numbers_are_weights(self, sizes: tuple[int, ...]) -> None:
        architecture = Architecture.of(sizes)
        params = Params(architecture, architecture.is_weight.astype(np.float32))
        assert all(w.all() for w in params.weights)
        assert not any(b.any() for b in params.biases)
        assert architecture.is_weight.dtype == bool
        with pytest.raises(ValueError, match="read-only"):
            architecture.is_weight[0] = False

    def test_takes_one_activation_for_all_layers_or_one_for_each(self) -> None:
        one = Architecture.of([3, 4, 2], linear).activations
        each = Architecture.of((3, 4, 2), ["sigmoid", linear]).activations
        assert one == (linear, linear)
        assert each == (fnnet.sigmoid, linear)

    @pytest.mark.parametrize(
        ("sizes", "fragments"),
        [
            ([3, 0, 2], ["sizes[1] is 0: expected an integer of at least 1"]),
            ([-3, 2], ["sizes[0] is -3"]),
            ([3, 2.0], ["sizes[1] is 2.0"]),
            ([3, True], ["sizes[1] is True"]),
            (["3", "2"], ["sizes[0] is '3'"]),
            ([3, None], ["sizes[1] is None"]),
            ([3], ["sizes is [3]", "at least two"]),
            ([], ["sizes is []", "at least two"]),
            (3, ["sizes is 3", "at least two"]),
            (None, ["sizes is None", "at least two"]),
            ("784,10", ["sizes is '784,10'", "at least two"]),
            (iter([3, 2]), ["sizes is <", "at least two"]),
            ([[3, 2], 1], ["sizes[0] is [3, 2]"]),
            ([3, 10**19], ["sizes is (3, 10000000000000000000)", "an array can hold"]),
            (np.ones((2, 2), int), ["sizes[0] is [1, 1]"]),
        ],
    )
    def test_refuses_what_are_no_sizes(self, sizes: Any, fragments: list[str]) -> None:
        assert_refused(lambda: Architecture.of(sizes), *fragments)
        assert_refused(lambda: init(sizes, seed=0), *fragments)

    def test_a_list_of_activations_is_a_tuple_of_them(self) -> None:
        listed = Architecture((3, 4, 2), ["sigmoid", linear])
        assert listed == Architecture.of([3, 4, 2], ["sigmoid", linear])
        assert hash(listed) == hash(Architecture.of([3, 4, 2], ["sigmoid", linear]))
        assert_refused(lambda: Architecture((3, 2), "sigmoid"), "activations is 'sigmoid'")

    @pytest.mark.parametrize(
        ("activations", "fragments"),
        [
            ("tanhh", ["activations", "'tanhh'", "sigmoid"]),
            (["sigmoid", "relux"], ["activations", "'relux'", "sigmoid"]),
            (["sigmoid"], ["activations is ['sigmoid']", "a list of 2, one for each"]),
            (["sigmoid"] * 3, ["activations", "a list of 2, one for each"]),
            ([], ["activations is []", "a list of 2, one for each"]),
            ([None, "sigmoid"], ["activations is None", "sigmoid"]),
            ([["sigmoid"], "sigmoid"], ["activations is ['sigmoid']", "sigmoid"]),
            (None, ["activations is None"]),
            (3, ["activations is 3"]),
        ],
    )
    def test_refuses_what_are_no_activations(self, activations: Any, fragments: list[str]) -> None:
        assert_refused(lambda: init([3, 4, 2], seed=0, activations=activations), *fragments)


class TestParams:
    @pytest.mark.parametrize("sizes", SIZES)
    @pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
    def test_weights_and_biases_are_views_that_cover_theta_once(
        self, sizes: tuple[int, ...], leading: tuple[int, ...]
    ) -> None:
        n = Architecture.of(sizes).n_parameters
        theta = np.arange(np.prod(leading, dtype=int) * n, dtype=float).reshape(*leading, n)
        params = Params(Architecture.of(sizes), theta)
        pairs = list(pairwise(sizes))
        assert [w.shape for w in params.weights] == [(*leading, y, x) for x, y in pairs]
        assert [b.shape for b in params.biases] == [(*leading, y) for _, y in pairs]
        parts = [*params.weights, *params.biases]
        assert all(np.shares_memory(part, params.theta) for part in parts)
        assert not any(part.flags.writeable for part in parts)
        values = np.concatenate([part.ravel() for part in parts])
        assert sorted(values.tolist()) == theta.ravel().tolist()

    def test_theta_is_layer_by_layer_the_rows_of_weights_and_bias(self) -> None:
        params = Params(Architecture.of([2, 2, 1]), np.arange(9.0))
        assert [w.tolist() for w in params.weights] == [[[0, 1], [3, 4]], [[6, 7]]]
        assert [b.tolist() for b in params.biases] == [[2, 5], [8]]

    def test_says_its_sizes_dtype_and_leading_axes(self) -> None:
        params = init([3, 4, 2], seed=[0, 1, 2], dtype=np.float64)
        assert (params.sizes, params.leading) == ((3, 4, 2), (3,))
        assert params.dtype == np.float64

    @pytest.mark.parametrize(
        ("other", "equal"),
        [
            (tiny(0, nan), True),
            (tiny(-0.0, nan), False),
            (tiny(0, 1), False),
            (tiny(0, -nan), False),
            (tiny(0, nan, dtype=np.float64), False),
            (tiny([0, nan]), False),
            (Params(Architecture.of([1, 1], linear), tiny(0, nan).theta), False),
        ],
    )
    def test_equality_and_hash_are_bit_for_bit(self, other: Params, equal: bool) -> None:
        assert (tiny(0, nan) == other) is equal
        assert (len({tiny(0, nan), other}) == 1) is equal
        assert (tiny(0, nan).digest() == other.digest()) is equal

    def test_layout_in_memory_does_not_tell_equal_params_apart(self, tmp_path: Any) -> None:
        one = init([50, 40, 10], seed=[0, 1, 2])
        theta = np.asfortranarray(one.theta)
        theta.flags.writeable = False
        other = Params(one.architecture, theta)
        x, y = np.ones((7, 50)), [1] * 7
        assert one == other
        assert hash(one) == hash(other)
        assert one.digest() == other.digest()
        assert fnnet.forward(one, x) == fnnet.forward(other, x)
        assert fnnet.grads(one, x, y) == fnnet.grads(other, x, y)
        for name, params in (("one", one), ("other", other)):
            fnnet.save_params(tmp_path / name, params)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()

    def test_the_digest_is_the_same_in_every_release(self) -> None:
        digest = "169dfc48c84df46f2d265a0316390dd14bd46d886aefce6a8a98db12f06bb0df"
        assert tiny(0.5, -2).digest() == digest

    def test_the_digest_changes_with_every_ingredient(self) -> None:
        different = [
            tiny(0.5, -2),
            tiny(0.5, 2),
            tiny(-2, 0.5),
            tiny(0.5, -2, dtype=np.float64),
            tiny([0.5, -2]),
            tiny([[0.5, -2]]),
            tiny([0.5, -2], [0.5, -2]),
            Params(Architecture.of([1, 1], linear), tiny(0.5, -2).theta),
            Params(Architecture.of([1, 2]), np.array([0.5, -2] * 2, np.float32)),
            Params(Architecture.of([1, 1, 1]), np.array([0.5, -2] * 2, np.float32)),
            Params(Architecture.of([3, 1]), np.array([0.5, -2] * 2, np.float32)),
        ]
        assert len({params.digest() for params in different}) == len(different)

    def test_a_callers_array_is_copied(self) -> None:
        theta = np.array([0.5, -2])
        params = Params(TINY, theta)
        before = params.digest()
        theta[:] = 7
        assert params.digest() == before
        assert params.weights[0].tolist() == [[0.5]]

    @pytest.mark.parametrize("field", ["theta", "architecture", "weights", "sizes", "new"])
    def test_nothing_can_be_assigned(self, field: str) -> None:
        params = tiny(0.5, -2)
        with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
            setattr(params, field, 1)
        with pytest.raises(ValueError, match="read-only"):
            params.weights[0][0] = 1
        assert params == tiny(0.5, -2)

    @pytest.mark.parametrize(
        ("theta", "fragments"),
        [
            (np.zeros(3), ["theta is an array of shape (3,)", "shape (..., 2)"]),
            (np.zeros(()), ["theta", "shape (..., 2)"]),
            (np.zeros((2, 1)), ["theta", "shape (..., 2)"]),
            (np.zeros(2, int), ["theta", "dtype int64", "float32 or float64"]),
            (np.zeros(2, np.float16), ["theta", "dtype float16", "float32 or float64"]),
            (["a", "b"], ["theta is ", "real numbers"]),
        ],
    )
    def test_refuses_what_is_no_theta(self, theta: Any, fragments: list[str]) -> None:
        assert_refused(lambda: Params(TINY, theta), *fragments)

    def test_refuses_what_is_no_architecture(self) -> None:
        told = "architecture is (1, 1): expected an Architecture"
        assert_refused(lambda: Params((1, 1), np.zeros(2)), told)  # type: ignore[arg-type]


class TestStack:
    def test_the_members_come_out_as_they_went_in(self) -> None:
        members = [init([3, 2], seed=seed) for seed in range(3)]
        stacked = stack(members)
        assert [stacked[k] for k in range(3)] == members
        assert list(stacked) == members  # type: ignore[call-overload]  # by __getitem__
        assert stacked[-1] == members[-1]
        assert np.shares_memory(stacked[1].theta, stacked.theta)

    def test_stacks_stack(self) -> None:
        pair = [init([3, 2], seed=seeds) for seeds in ([0, 1], [2, 3])]
        assert stack(pair).leading == (2, 2)
        assert stack(pair)[1][0] == init([3, 2], seed=2)

    @pytest.mark.parametrize(
        ("other", "fragment"),
        [
            (init([3, 4], seed=0), "(3, 4)"),
            (init([3, 2], seed=0, dtype=np.float64), "one architecture and dtype"),
            (init([3, 2], seed=0, activations=linear), "one architecture and dtype"),
            (init([3, 2], seed=[0]), "one architecture and dtype"),
        ],
    )
    def test_refuses_networks_of_different_kinds(self, other: Params, fragment: str) -> None:
        assert_refused(lambda: stack([init([3, 2], seed=0), other]), "members is ", fragment)

    @pytest.mark.parametrize(
        ("members", "told"),
        [
            (init([3, 2], seed=0), "members is Params("),
            ([init([3, 2], seed=0), 3], "members[1] is 3: expected a Params"),
        ],
    )
    def test_refuses_what_are_no_networks(self, members: Any, told: str) -> None:
        assert_refused(lambda: stack(members), told)

    def test_refuses_no_networks(self) -> None:
        assert_refused(lambda: stack([]), "members is []: expected a list of at least one")

    def test_a_single_network_has_no_members(self) -> None:
        assert_refused(lambda: init([3, 2], seed=0)[0], "params is (3, 2): expected a stack")

    def test_a_member_that_is_not_there_is_an_index_error(self) -> None:
        with pytest.raises(IndexError):
            init([3, 2], seed=[0, 1])[2]
