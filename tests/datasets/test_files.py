from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fnnet._checks import InputError
from fnnet._records import Array
from fnnet.datasets.dataset import Dataset, Splits
from fnnet.datasets.files import class_names, load_csv, load_npz
from fnnet.datasets.splitting import split
from tests._support import assert_refused

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 3
PARTS = {
    "x": X,
    "y": Y,
    "x_validation": X[:4] + 1,
    "y_validation": Y[:4],
    "x_test": X[:5] + 2,
    "y_test": Y[:5],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data"


def save(path: Path, entries: dict[str, Any]) -> Path:
    with path.open("wb") as file:
        np.savez(file, **entries)
    return path


class TestNpzWhole:
    @pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
    @pytest.mark.parametrize("seed", [0, 5])
    def test_is_split_as_a_data_set(self, path: Path, dtype: Any, seed: int) -> None:
        save(path, {"x": X.astype(dtype), "y": Y})
        expected = split(Dataset(X.astype(dtype), Y), seed=seed)
        assert load_npz(path, seed=seed) == expected
        assert load_npz(path, seed=seed).train.x.dtype == dtype

    def test_has_seed_0_by_default_and_may_be_named_by_a_string(self, path: Path) -> None:
        assert load_npz(str(save(path, {"x": X, "y": Y}))) == load_npz(path, seed=0)

    @pytest.mark.parametrize("shape", [(20, 2, 3), (20, 2, 3, 2)])
    def test_has_images_as_rows(self, path: Path, shape: tuple[int, ...]) -> None:
        images = np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
        splits = load_npz(save(path, {"x": images, "y": Y}))
        assert splits == split(Dataset(images.reshape(20, -1), Y))

    @pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
    def test_has_integers_as_labels(self, path: Path, dtype: Any) -> None:
        splits = load_npz(save(path, {"x": X, "y": Y.astype(dtype)}))
        assert splits == split(Dataset(X, Y))
        assert splits.train.classes == 3

    @pytest.mark.parametrize("shape", [(20,), (20, 1), (20, 2)])
    def test_has_floats_as_targets(self, path: Path, shape: tuple[int, ...]) -> None:
        y = np.arange(np.prod(shape)).reshape(shape).astype(np.float32)
        splits = load_npz(save(path, {"x": X, "y": y}))
        assert splits == split(Dataset(X, y.reshape(20, -1)))
        assert splits.train.y.dtype == np.float32

    def test_has_one_feature_where_x_is_a_vector_of_floats(self, path: Path) -> None:
        assert load_npz(save(path, {"x": X[:, 0], "y": Y})) == split(Dataset(X[:, :1], Y))

    def test_has_the_weights_that_the_file_gives(self, path: Path) -> None:
        weights = np.arange(20.0)
        splits = load_npz(save(path, {"x": X, "y": Y, "weights": weights}))
        assert splits == split(Dataset(X, Y, weights=weights))
        splits = load_npz(save(path, PARTS | {"weights": weights}))
        assert splits.train == Dataset(X, Y, weights=weights)
        assert splits.validation.weights is splits.test.weights is None

    @pytest.mark.parametrize("scale", [1 / 256, np.float32(0.5), 2])
    def test_has_the_scale_that_the_file_gives(self, path: Path, scale: Any) -> None:
        splits = load_npz(save(path, {"x": X.astype(np.uint8), "y": Y, "scale": scale}))
        assert splits.train.scale == splits.validation.scale == splits.test.scale == float(scale)

    def test_may_be_compressed(self, path: Path) -> None:
        with path.open("wb") as file:
            np.savez_compressed(file, x=X, y=Y)
        assert load_npz(path) == split(Dataset(X, Y))


class TestNpzParts:
    def test_are_those_of_the_file(self, path: Path) -> None:
        splits = load_npz(save(path, PARTS | {"scale": 0.5}), seed=9)
        assert splits == Splits(
            Dataset(X, Y, scale=0.5),
            Dataset(X[:4] + 1, Y[:4], scale=0.5),
            Dataset(X[:5] + 2, Y[:5], scale=0.5),
        )

    @pytest.mark.parametrize("part", ["y", "y_validation", "y_test"])
    def test_have_the_classes_of_all(self, path: Path, part: str) -> None:
        largest = np.where(PARTS[part] == 2, 6, PARTS[part])
        splits = load_npz(save(path, PARTS | {part: largest}))
        assert splits.train.classes == splits.validation.classes == splits.test.classes == 7

    @pytest.mark.parametrize("part", ["y", "y_validation", "y_test"])
    def test_are_all_of_labels_or_all_of_targets(self, path: Path, part: str) -> None:
        save(path, PARTS | {part: np.eye(len(PARTS[part]), 3)})
        assert_refused(lambda: load_npz(path), f"{path}: x{part[1:]}, {part}: classes is 3")

    @pytest.mark.parametrize("part", ["_validation", "_test"])
    def test_have_the_same_features(self, path: Path, part: str) -> None:
        save(path, PARTS | {f"x{part}": PARTS[f"x{part}"][:, :1]})
        assert_refused(lambda: load_npz(path), f"{path}: {part[1:]} is (1, 3): expected")

    def test_are_told_apart_in_errors(self, path: Path) -> None:
        save(path, PARTS | {"x_test": X[:4]})
        assert_refused(lambda: load_npz(path), f"{path}: x_test, y_test: y is", "x's 4 rows")


WHOLE = {"x": X, "y": Y}


@pytest.mark.parametrize(
    ("entries", "fragment"),
    [
        ({}, "the file is []: expected x and y, or all of x, y, x_validation, y_val"),
        ({"x": X}, "the file is ['x']: expected x and y"),
        ({"a": X, "b": Y}, "the file is ['a', 'b']: expected"),
        (WHOLE | {"y_validaton": Y}, "the file is ['x', 'y', 'y_validaton']"),
        (WHOLE | {"x_test": X, "y_test": Y}, "the file is ['x', 'x_test', 'y', 'y_test']"),
        ({"x": X[:0], "y": Y[:0]}, "x is an array of shape (0, 2)"),
        ({"x": np.zeros((0, 2, 2)), "y": Y[:0]}, "x is an array of shape (0, 4)"),
        ({"x": np.float64(3), "y": Y}, "x is an array of shape ()"),
        ({"x": X, "y": Y[:0]}, "y is an array of shape (0,)"),
        ({"x": X, "y": Y[:-1]}, "y is an array of shape (19,)"),
        ({"x": X, "y": -Y}, "y is -1: expected class labels"),
        ({"x": X, "y": -1 - Y}, "y is -1: expected class labels"),
        ({"x": X, "y": Y[:, np.newaxis]}, "y is an array of shape (20, 1)"),
        ({"x": X, "y": Y == 1}, "y is an array of shape (20,) and dtype bool"),
        ({"x": X, "y": Y.astype(str)}, "expected real numbers"),
        ({"x": X.astype(str), "y": Y}, "expected real numbers"),
        ({"x": X * 1j, "y": Y}, "expected real numbers"),
        ({"x": np.where(X == 7, np.nan, X), "y": Y}, "x[3, 1] is nan: expected finite"),
        ({"x": X, "y": np.where(Y == 1, np.inf, 0.0)}, "y[1, 0] is inf: expected finite"),
        ({"x": X.astype(object), "y": Y}, "cannot be read (Object arrays cannot be loaded"),
        ({"x": X[:2], "y": Y[:2]}, "the number of samples is 2"),
        (WHOLE | {"scale": "a"}, "scale is"),
        (WHOLE | {"weights": [1.0]}, "weights is an array of shape (1,)"),
        (WHOLE | {"scale": [1.0]}, "scale is [1.0]: expected a finite number"),
        (WHOLE | {"scale": np.nan}, "scale is"),
    ],
)
def test_an_npz_that_is_no_data_set_is_refused(
    path: Path, entries: dict[str, Any], fragment: str
) -> None:
    save(path, entries)
    assert_refused(lambda: load_npz(path), f"{path}", fragment)


def test_an_archive_of_other_files_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"abc")
        archive.writestr("y", b"abc")
    assert_refused(lambda: load_npz(path), f"{path}: x, y: x is", "expected real numbers")


@pytest.mark.parametrize("seed", [-1, 1.5, "a"])
def test_a_bad_seed_for_an_npz_is_refused(path: Path, seed: Any) -> None:
    with pytest.raises(InputError, match=r"^seed is "):  # not the file: it is as it should be
        load_npz(save(path, WHOLE), seed=seed)


def test_an_npz_that_is_not_there_is_refused(path: Path) -> None:
    assert_refused(lambda: load_npz(path), f"{path} cannot be read (No such file")
    assert_refused(lambda: load_npz(path.parent), f"{path.parent} cannot be read (Is a directory)")


def array_file(path: Path) -> bytes:
    with path.open("wb") as file:
        np.save(file, X)
    return path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK", b"a text\nof two lines\n", bytes(1000), None])
def test_what_is_no_npz_is_refused(path: Path, content: bytes | None) -> None:
    path.write_bytes(array_file(path) if content is None else content)
    assert_refused(lambda: load_npz(path), f"{path} cannot be read (", "expected an .npz file")


def test_an_npz_that_is_cut_off_anywhere_is_refused(path: Path) -> None:
    content = save(path, {"x": X, "y": Y}).read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert_refused(lambda: load_npz(path), str(path))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("saved") / "data.npz"
    return path, save(path, {"x": X, "y": Y}).read_bytes()


@settings(max_examples=200, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_npz_loads_or_is_refused_in_one_line(
    saved: tuple[Path, bytes], flips: list[tuple[int, int]]
) -> None:
    path, content = saved
    damaged = bytearray(content)
    for place, flip in flips:
        damaged[place % len(damaged)] ^= flip
    path.write_bytes(damaged)
    try:
        load_npz(path)
    except InputError:
        assert_refused(lambda: load_npz(path), str(path))


def test_arrays_of_an_npz_cannot_be_written_to(path: Path) -> None:
    for entries in (WHOLE, PARTS):
        splits = load_npz(save(path, entries))
        held: list[Array] = [splits.train.x, splits.train.y, splits.test.x, splits.validation.y]
        assert not any(array.flags.writeable for array in held)


FEATURES = np.array([[k / 4, -k] for k in range(12)])
COLOURS = ["red", "blue", "green", "blue"] * 3
BY_NAME = {"blue": 0, "green": 1, "red": 2}
LABELS = np.array([BY_NAME[colour] for colour in COLOURS])


def text(y: Any, header: str = "", delimiter: str = ",") -> str:
    """The table of FEATURES with a last column."""
    rows = [
        delimiter.join(map(str, (*x, cell))) for x, cell in zip(FEATURES.tolist(), y, strict=True)
    ]
    return "\n".join([header] * bool(header) + rows) + "\n"


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def expected(y: Any, seed: int = 0) -> Splits:
    return split(Dataset(FEATURES, np.asarray(y)), seed=seed)


def targets(labels: Splits) -> list[Array]:
    parts = (labels.train, labels.validation, labels.test)
    return [part.y[:, np.newaxis].astype(float) for part in parts]


class TestCsvTasks:
    def test_text_is_classes_in_sorted_order(self, path: Path) -> None:
        write(path, text(COLOURS))
        for task in (None, "classification"):
            assert load_csv(path, task=task) == expected(LABELS)
        assert class_names(path) == ("blue", "green", "red")
        assert load_csv(path).train.classes == 3

    def test_integers_are_classes_in_the_order_of_numbers(self, path: Path) -> None:
        write(path, text([10, 9, -1, 9] * 3))
        for task in (None, "classification"):
            assert load_csv(path, task=task) == expected([2, 1, 0, 1] * 3)
        assert class_names(path) == ("-1", "9", "10")

    def test_several_ways_to_write_an_integer_are_one_class(self, path: Path) -> None:
        assert load_csv(write(path, text(["1", "01", "+1", "2"] * 3))) == expected([0, 0, 0, 1] * 3)

    def test_floats_are_classes_where_they_are_told_to_be(self, path: Path) -> None:
        write(path, text(["1.0", "0.0", "10.0"] * 4))
        assert load_csv(path, task="classification") == expected([1, 0, 2] * 4)
        assert class_names(path) == ("0.0", "1.0", "10.0")

    @pytest.mark.parametrize("cells", [["no", "yes", "no"] * 4, [3, 7, 3] * 4])
    def test_two_classes_are_targets_of_0_and_1(self, path: Path, cells: list[Any]) -> None:
        splits = load_csv(write(path, text(cells)), task="binary", seed=2)
        labelled = expected([0, 1, 0] * 4, seed=2)
        for part, same, y in zip(
            (splits.train, splits.validation, splits.test),
            (labelled.train, labelled.validation, labelled.test),
            targets(labelled),
            strict=True,
        ):
            assert part == Dataset(same.x, y)

    @pytest.mark.parametrize("cells", [["a"] * 12, ["a", "b", "c"] * 4])
    def test_binary_is_of_two_classes(self, path: Path, cells: list[str]) -> None:
        write(path, text(cells))
        assert_refused(lambda: load_csv(path, task="binary"), f"{path}: target is ('a',", "two")

    def test_numbers_are_targets(self, path: Path) -> None:
        y = FEATURES[:, :1] * 0.3
        write(path, text(y[:, 0]))
        for task in (None, "regression"):
            assert load_csv(path, task=task) == expected(y)
        assert load_csv(path).train.y.dtype == np.float64

    def test_integers_are_targets_where_they_are_told_to_be(self, path: Path) -> None:
        write(path, text([0, 1, 1] * 4))
        assert load_csv(path, task="regression") == expected([[0.0], [1.0], [1.0]] * 4)

    @pytest.mark.parametrize(
        ("cells", "task"),
        [
            ([0, 1] * 6, "classification"),
            (list(range(6)) * 2, "classification"),
            ([*range(7), *range(5)], "regression"),  # less than twice on average
            (list(range(12)), "regression"),
            (["0.0", "1.0"] * 6, "regression"),
            ([0, 0.5] * 6, "regression"),
            (["1e0", "2e0"] * 6, "regression"),
        ],
    )
    def test_the_guess(self, path: Path, cells: list[Any], task: str) -> None:
        write(path, text(cells))
        assert load_csv(path) == load_csv(path, task=task)

    @pytest.mark.parametrize(("classes", "guessed"), [(20, True), (21, False)])
    def test_the_guess_takes_at_most_20_integers_for_classes(
        self, path: Path, classes: int, guessed: bool
    ) -> None:
        rows = "".join(f"{k}.5,{k % classes}\n" for k in range(100))
        assert (load_csv(write(path, rows)).train.classes == classes) is guessed

    def test_a_mixture_of_text_and_numbers_is_not_guessed(self, path: Path) -> None:
        write(path, text([1, 2, "NA", 1] * 3))
        assert_refused(
            lambda: load_csv(path), f"{path}: line 3, column 2 is 'NA': expected a number"
        )
        assert load_csv(path, task="classification") == expected([0, 1, 2, 0] * 3)
        write(path, text(["a_b", "1_0"] * 6))
        assert class_names(path) == ("1_0", "a_b")
        assert load_csv(path).train.classes == 2
        write(path, text(["1_0", "10"] * 6))
        assert class_names(path, header=False) == ("10", "1_0")

    @pytest.mark.parametrize("task", ["classes", 3, ["binary"]])
    def test_another_task_is_refused(self, path: Path, task: Any) -> None:
        write(path, text(COLOURS))
        assert_refused(lambda: load_csv(path, task=task), "task is", "None or one of")


class TestCsvTarget:
    @pytest.mark.parametrize(
        ("target", "place"), [("c", 2), ("a", 0), (-1, 2), (2, 2), (0, 0), (-3, 0), (1, 1)]
    )
    def test_is_a_column_by_name_or_number(self, path: Path, target: Any, place: int) -> None:
        table = np.arange(36.0).reshape(12, 3)
        write(path, "a,b,c\n" + "\n".join(",".join(map(str, row)) for row in table.tolist()))
        x, y = np.delete(table, place, axis=1), table[:, [place]]
        assert load_csv(path, target=target) == split(Dataset(x, y))

    @pytest.mark.parametrize("target", [["c", "a"], (2, 0), [-1, "a"]])
    def test_may_be_several_for_regression(self, path: Path, target: Any) -> None:
        table = np.arange(36.0).reshape(12, 3)
        write(path, "a,b,c\n" + "\n".join(",".join(map(str, row)) for row in table.tolist()))
        for task in (None, "regression"):
            splits = load_csv(path, target=target, task=task)
            assert splits == split(Dataset(table[:, [1]], table[:, [2, 0]]))
        assert_refused(lambda: load_csv(path, target=target, task="binary"), "target is [2, 0]")

    @pytest.mark.parametrize(
        ("target", "fragment"),
        [
            ("d", "target is 'd': expected one of a, b, c"),
            (3, "target is 3: expected a number of -3 to 2"),
            (-4, "target is -4: expected an integer of at least -3"),
            (1.0, "target is 1.0: expected an integer"),
            (None, "target is None: expected"),
            (True, "target is True: expected an integer"),
            ([], "target is []: expected one or more different columns"),
            (["a", 0], "target is ['a', 0]: expected one or more different"),
            (["a", "x"], "target is 'x': expected one of"),
            (
                ["a", "b", "c"],
                "target is ['a', 'b', 'c']: expected at least one column to be left as a feature",
            ),
        ],
    )
    def test_that_is_no_column_is_refused(self, path: Path, target: Any, fragment: str) -> None:
        write(path, text(FEATURES[:, 0], header="a,b,c"))
        assert_refused(lambda: load_csv(path, target=target), f"{path}: {fragment}")

    def test_by_name_needs_a_header_and_one_such_column(self, path: Path) -> None:
        write(path, text(LABELS))
        assert_refused(lambda: load_csv(path, target="c"), "is 'c'", "the file has no header")
        write(path, text(LABELS, header="a,c,c"))
        assert_refused(lambda: load_csv(path, target="c"), "is 'c': expected one of")
        assert load_csv(path, target="a").train.n_in == 2


class TestCsvHeader:
    @pytest.mark.parametrize("header", [None, True])
    def test_is_found(self, path: Path, header: bool | None) -> None:
        write(path, text(COLOURS, header="a,b,colour"))
        assert load_csv(path, header=header) == expected(LABELS)
        assert class_names(path, target="colour", header=header) == ("blue", "green", "red")

    @pytest.mark.parametrize("header", [None, False])
    def test_may_be_missing(self, path: Path, header: bool | None) -> None:
        assert load_csv(write(path, text(COLOURS)), header=header) == expected(LABELS)

    def test_may_leave_names_empty(self, path: Path) -> None:
        assert load_csv(write(path, text(COLOURS, header=",b,colour"))) == expected(LABELS)

    def test_of_numbers_must_be_told(self, path: Path) -> None:
        write(path, text(COLOURS, header="2019,2020,colour"))
        assert load_csv(path, header=True) == expected(LABELS)
        assert class_names(path) == ("blue", "colour", "green", "red")

    def test_told_wrong_is_refused_or_costs_a_row(self, path: Path) -> None:
        write(path, text(COLOURS, header="a,b,colour"))
        assert_refused(lambda: load_csv(path, header=False), f"{path}: line 1, column 0 is 'a'")
        write(path, text(COLOURS))
        assert load_csv(path, header=True) == split(Dataset(FEATURES[1:], LABELS[1:]))

    def test_a_mixture_is_not_guessed(self, path: Path) -> None:
        # A first row with a value that is missing, or a header: no row is dropped in silence.
        write(path, "NA,1.0,red\n" + text(COLOURS))
        assert_refused(
            lambda: load_csv(path),
            f"{path}: the first row, above numbers, is ['NA', '1.0']",
            "header=",
        )
        assert load_csv(path, header=True) == expected(LABELS)

    @pytest.mark.parametrize("missing", ["", "nan", "inf"])
    def test_a_first_row_that_lacks_a_value_is_no_header(self, path: Path, missing: str) -> None:
        write(path, f"{missing},1.0,red\n" + text(COLOURS))
        assert_refused(lambda: load_csv(path), f"{path}: line 1, column 0 is '{missing}'")

    def test_one_row_is_no_header(self, path: Path) -> None:
        write(path, "a,1\n")
        assert_refused(lambda: load_csv(path), f"{path}: line 1, column 0 is 'a'")
        assert_refused(
            lambda: load_csv(path, header=True), "the number of rows below the header is 0"
        )

    @pytest.mark.parametrize("header", [1, "yes"])
    def test_is_true_false_or_none(self, path: Path, header: Any) -> None:
        write(path, text(COLOURS))
        assert_refused(lambda: load_csv(path, header=header), "header is", "True, False or None")


class TestCsvForms:
    @pytest.mark.parametrize(
        "change",
        [
            lambda content: b"\xef\xbb\xbf" + content,
            gzip.compress,
            lambda content: content.replace(b"\n", b"\r\n"),
            lambda content: content.replace(b"\n", b"\r"),
            lambda content: content.rstrip(b"\n"),
            lambda content: content + b"\n\n  \n",
            lambda content: content.replace(b",", b" , "),
            lambda content: content.replace(b"red", b'"red"'),
        ],
        ids=["byte order mark", "gzip", "CRLF", "CR", "no end", "blank end", "spaces", "quotes"],
    )
    @pytest.mark.parametrize("header", ["", "a,b,c"])
    def test_that_say_the_same(self, path: Path, change: Any, header: str) -> None:
        write(path, change(text(COLOURS, header=header).encode()))
        assert load_csv(path, target="c" if header else 2) == expected(LABELS)

    @pytest.mark.parametrize("delimiter", [";", "\t", " ", "|"])
    def test_other_delimiters(self, path: Path, delimiter: str) -> None:
        write(path, text(COLOURS, delimiter=delimiter))
        assert load_csv(path, delimiter=delimiter) == expected(LABELS)
        assert class_names(path, delimiter=delimiter) == ("blue", "green", "red")

    @pytest.mark.parametrize("delimiter", ["", "::", '"', "\n", None, 3])
    def test_what_is_no_delimiter_is_refused(self, path: Path, delimiter: Any) -> None:
        write(path, text(COLOURS))
        assert_refused(lambda: load_csv(path, delimiter=delimiter), "delimiter is", "one character")

    def test_text_may_hold_anything_when_quoted(self, path: Path) -> None:
        write(path, text(['"a, ""b""\r\nc"', "ü"] * 6))
        assert class_names(path) == ('a, "b"\r\nc', "ü")

    def test_a_seed_gives_another_split(self, path: Path) -> None:
        write(path, text(COLOURS))
        assert load_csv(str(path), seed=1) == expected(LABELS, seed=1) != expected(LABELS)

    def test_it_is_what_numpy_reads(self, path: Path) -> None:
        table = np.random.default_rng(0).normal(size=(50, 4)) * 10.0 ** np.arange(-100, 100, 50)
        np.savetxt(path, table, delimiter=",")
        assert load_csv(path) == split(Dataset(table[:, :3], table[:, 3:]))


CELLS = [["1", "2", "x"], ["3", "4", "y"], ["5", "6", "x"], ["7", "8", "y"]] * 2


def with_cell(row: int, column: int, cell: str, header: str = "") -> str:
    rows = [list(cells) for cells in CELLS]
    rows[row][column] = cell
    return header + "\n".join(map(",".join, rows))


class TestCsvRefuses:
    @pytest.mark.parametrize(
        "cell",
        ["", "NA", "?", "nan", "NaN", "inf", "-inf", "1e999", "1_000", "0x10", "1.2.3", "\0"],
    )
    @pytest.mark.parametrize(
        ("header", "place"), [("", "line 6, column 1"), ("a,b,c\n", "line 7, column 'b'")]
    )
    def test_a_feature_that_is_no_finite_number(
        self, path: Path, cell: str, header: str, place: str
    ) -> None:
        write(path, with_cell(5, 1, cell, header))
        message = f"{path}: {place} is {cell!r}: expected a finite number"
        assert_refused(lambda: load_csv(path), message)

    @pytest.mark.parametrize("cell", ["", "nan", "NaN"])
    def test_a_class_that_is_missing(self, path: Path, cell: str) -> None:
        write(path, with_cell(5, 2, cell))
        message = f"{path}: line 6, column 2 is {cell!r}: expected a class"
        assert_refused(lambda: load_csv(path), message)
        assert_refused(lambda: class_names(path), message)

    @pytest.mark.parametrize(("line", "count"), [("1,2", 2), ("1,2,x,", 4), ("", 0), ("x", 1)])
    def test_rows_of_another_length(self, path: Path, line: str, count: int) -> None:
        write(path, with_cell(0, 0, "1") + f"\n{line}\n1,2,x\n")
        message = f"{path}: line 9 has {count} cells: expected 3, as in the first row"
        assert_refused(lambda: load_csv(path), message)

    def test_lines_are_counted_as_an_editor_counts_them(self, path: Path) -> None:
        write(path, '1,2,"a\nb"\n1,2,c\n1,?,d\n')
        assert_refused(lambda: load_csv(path), f"{path}: line 4, column 1 is '?'")

    @pytest.mark.parametrize(
        "content", [b"", b"\n", b"\xef\xbb\xbf\n\n", gzip.compress(b"", mtime=0)]
    )
    def test_an_empty_file(self, path: Path, content: bytes) -> None:
        write(path, content)
        assert_refused(
            lambda: load_csv(path), f"{path}: the number of rows is 0: expected at least 1"
        )

    def test_a_header_alone(self, path: Path) -> None:
        write(path, "a,b,c\n")
        message = f"{path}: the number of rows below the header is 0: expected at least 1"
        assert_refused(lambda: load_csv(path, header=True), message)

    def test_one_column(self, path: Path) -> None:
        write(path, "1;2\n3;4\n")
        message = f"{path}: line 1 is ['1;2']: expected cells with ',' between them"
        assert_refused(lambda: load_csv(path), message)

    def test_too_few_rows_to_split(self, path: Path) -> None:
        write(path, "1,x\n2,y\n")
        assert_refused(lambda: load_csv(path), f"{path}: the number of samples is 2")

    def test_no_file(self, path: Path) -> None:
        assert_refused(lambda: load_csv(path), f"{path} cannot be read (No such file")
        assert_refused(lambda: load_csv(path.parent), f"{path.parent} cannot be read (")

    @pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
    def test_another_encoding(self, path: Path, start: bytes) -> None:
        write(path, start + b"1,2,x\n1,2,gr\xfcn\n")
        message = f"{path}: line 2 holds the byte 0xfc: expected UTF-8"
        assert_refused(lambda: load_csv(path), message)

    def test_damaged_quotes(self, path: Path) -> None:
        write(path, '1,2,x\n1,2,"x\n1,2,x\n')
        assert_refused(lambda: load_csv(path), f"{path}: line 3 is damaged: unexpected end")
        write(path, '1,2,x\n1,2,"x"y\n1,2,x\n')
        assert_refused(lambda: load_csv(path), f"{path}: line 2 is damaged: ")

    def test_a_bad_seed(self, path: Path) -> None:
        write(path, text(COLOURS))
        with pytest.raises(InputError, match=r"^seed is -1: expected an integer"):
            load_csv(path, seed=-1)

    @settings(max_examples=300, deadline=None)
    @given(
        content=st.binary(max_size=60)
        | st.text(alphabet='0123456789.,-\n\r"ab_e \0', max_size=80).map(str.encode)
    )
    def test_and_raises_nothing_else(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        path = write(tmp_path_factory.getbasetemp() / "any.csv", content)
        try:
            splits = load_csv(path)
        except InputError as error:
            message = str(error)
        else:
            assert np.isfinite(splits.train.x).all()
            return
        assert str(path) in message
        assert "\n" not in message
