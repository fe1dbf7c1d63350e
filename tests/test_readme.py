"""The README: its map from the notebook to fnnet, its commands and its links."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CHANGELOG = (ROOT / ".github/CHANGELOG.md").read_text()

LISTING = r'''
def feedforward(input):
        """Return the output of the network if ``a`` is input."""
        linear_outputs = []
        activations = [input]

        for b, w in zip(network.biases, network.weights):
            linear_output = np.dot(w, activations[-1])+b
            activation = opt.sigmoid(linear_output)
            
            linear_outputs.append(linear_output)
            activations.append(activation)
            
        return activations, linear_outputs

def SGD(epochs, training_data, mini_batch_size, eta, test_data=None):
    n = len(training_data)
    for i in range(epochs):
        random.shuffle(training_data)
        mini_batchs = [training_data[k:k+mini_batch_size] for k in range(0, n, mini_batch_size)]
        for mini_batch in mini_batchs:
            update_mini_batch(mini_batch, eta)
            
        # V2: Add test_data
        if test_data:
            print("Epoch {}: {} / {}, precision is {:.2f}%".format(i, evaluate(test_data), len(test_data), evaluate(test_data)/len(test_data)*100))
        else:
            print("Epoch {} complete".format(i))

def evaluate(test_data):
    test_results = [(np.argmax(feedforward(x)[0][-1]), y) for (x, y) in test_data]
    return sum(int(x == y) for (x, y) in test_results)

def update_mini_batch(mini_batch, eta):
    buffer_w = [np.zeros(w.shape) for w in network.weights]
    buffer_b = [np.zeros(b.shape) for b in network.biases]

    for x, y in mini_batch:
        delta_w, delta_b = backprop(x, y) # bp for one sample
        buffer_w = [bw+dw for bw, dw in zip(buffer_w, delta_w)]
        buffer_b = [bb+db for bb, db in zip(buffer_b, delta_b)]

    network.weights = [w-(eta/len(mini_batch))*nw for w, nw in zip(network.weights, delta_w)]
    network.biases = [b-(eta/len(mini_batch))*nb for b, nb in zip(network.biases, delta_b)]

def backprop(x, y):
    # Feedforward Pass
    activations, linear_outputs = feedforward(x)
    
    # Backward Pass
    delta_w = [np.zeros(w.shape) for w in network.weights]
    delta_b = [np.zeros(b.shape) for b in network.biases]

    # c/z = c/a * a/z
    delta = cost_derivative(activations[-1], y) * \
        (opt.sigmoid_prime(linear_outputs[-1]))
    # c/w = c/a * a/w
    delta_w[-1] = np.dot(delta, activations[-2].transpose()) # Last/Output Layer
    # c/b = c/z * z/b
    delta_b[-1] = delta # Last/Output Layer
    
    for l in range(2, network.num_layers): # only index of layer changes
        # c/a(L-1) = c/z(L) * z/a(L-1)
        # c/z(L-1) = c/a(L-1) * a/z(L-1) 
        delta = np.dot(network.weights[-l+1].transpose(), delta) * \
            opt.sigmoid_prime(linear_outputs[-l])
        # c/w = c/a * a/w
        delta_w[-l] = np.dot(delta, activations[-l-1].transpose())
        # c/b = c/z * z/b
        delta_b[-l] = delta
    return (delta_w, delta_b)
'''  # noqa: E501, W291, W293
"""The notebook's functions, as they stand there."""


def doing(listing: str) -> list[str]:
    """The lines that do something, without comments and the backslash of a line that goes on."""
    lines = (
        line.partition("#")[0].strip().removesuffix("\\").rstrip() for line in listing.split("\n")
    )
    return [line for line in lines if line and line != "else:" and not line.startswith('"""')]


def section(heading: str) -> str:
    return README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def spans(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def rows() -> list[list[str]]:
    table = section("From the notebook to fnnet").strip().partition("\n\n")[0]
    return [row.strip("| ").split(" | ") for row in table.split("\n")[2:]]


def places() -> list[tuple[str, str, str]]:
    """Each name in the map's last column, with the label and the target of its file's link."""
    return [
        (name, label, target)
        for *_, where in rows()
        for names, label, target in re.findall(r"([^;]+), \[([^]]+)\]\(([^)]+)\)", where)
        for name in spans(names)
    ]


def defined(body: list[ast.stmt]) -> set[str]:
    """The functions, classes and other names that are defined here, and a class's methods."""
    names = set()
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {node.name, *(f"{node.name}.{name}" for name in defined(node.body))}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def test_each_row_of_the_map_has_lines_an_explanation_and_places() -> None:
    assert len(rows()) > 20
    for row in rows():
        lines, what, where = row
        assert spans(lines)
        assert what
        assert re.fullmatch(r"((`[\w.]+`, )+\[[\w./]+\]\([\w./]+\)(; |$))+", where), where


def test_each_line_that_the_map_quotes_is_in_the_listing() -> None:
    lines = doing(LISTING)
    for cell, *_ in rows():
        for quote in spans(cell):
            is_begun = f"`{quote}` ..." in cell
            assert any(line == quote or (is_begun and line.startswith(quote)) for line in lines), (
                quote
            )


def test_the_map_covers_each_line_that_does_something() -> None:
    lines = doing(LISTING)
    assert len(lines) == 45
    quoted = [quote for cell, *_ in rows() for quote in spans(cell)]
    assert [line for line in lines if not any(line.startswith(quote) for quote in quoted)] == []


@pytest.mark.parametrize(("name", "label", "target"), places())
def test_each_place_that_the_map_names_exists(name: str, label: str, target: str) -> None:
    assert target in (label, f"fnnet/{label}")
    assert name in defined(ast.parse((ROOT / target).read_text()).body)


def test_quick_start_is_one_command_for_the_main_job_and_one_for_the_tests() -> None:
    fences = re.findall(r"^```.*$", section("Quick start"), re.MULTILINE)
    assert fences == ["```sh", "```", "```sh", "```"]
    assert README.count("```sh\n") == 2
    main_job, tests = re.findall(r"```sh\n(.+)\n```", section("Quick start"))
    assert main_job.endswith("scripts/train.py")
    assert tests.endswith("pytest -q -n auto")


def test_the_headings_are_there_in_their_order() -> None:
    expected = ["Installation", "Quick start", "Usage", "Features", "Benchmarks"]
    expected += ["Published results", "From the notebook to fnnet", "Design", "Limitations"]
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [*expected, "License"]


@pytest.mark.parametrize(("folder", "text"), [(ROOT, README), (ROOT / ".github", CHANGELOG)])
def test_links_lead_somewhere(folder: Path, text: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for link in links:
        path, _, anchor = unquote(link).partition("#")
        assert link.startswith("https://") or (folder / path).exists(), link
        assert not anchor or path or anchor in anchors, link
