"""Prints figures of the source code as a Markdown table, for one checkout or for several side by side.

Usage: ``python scripts/house.py [FOLDER ...] [--tests]`` (default: this checkout). A folder is a checkout with the
source folders ``ivg``, ``policy`` and ``envs``. ``--tests`` also collects the tests, with this Python and the
sources of the checkout.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDERS = {"ivg": "ivg", "policy": "ivg.policy", "envs": "ivg.envs", "configs": "ivg.configs"}
Graph = dict[str, set[str]]


def modules_of(root: Path) -> dict[str, Path]:
    """Returns the source files of a checkout by the dotted name that they are imported by."""
    found = {}
    for folder, package in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = [package, *path.relative_to(root / folder).with_suffix("").parts]
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walks a module, leaving out what only type checkers read (``if TYPE_CHECKING``)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from runtime_nodes(node)


def imports_of(name: str, path: Path, tree: ast.AST, modules: Mapping[str, Path]) -> set[str]:
    """Returns the modules of the package that a module imports, inside functions too."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in runtime_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            inner = {f"{source}.{alias.name}" for alias in node.names}
            found |= {each if each in modules else source for each in inner}
    return {each for each in found if each in modules and each != name}


def folder_circles(graph: Graph) -> int:
    """Returns how many circles there are between what lies side by side in a folder, a folder counting as one."""
    parents = {name.rsplit(".", depth)[0] for name in graph for depth in range(1, name.count(".") + 1)}
    count = 0
    for parent in parents:
        siblings: Graph = {}
        for name, imported in graph.items():
            if name.startswith(f"{parent}."):
                child = name[len(parent) + 1 :].split(".")[0]
                inner = {each[len(parent) + 1 :].split(".")[0] for each in imported if each.startswith(f"{parent}.")}
                siblings.setdefault(child, set()).update(inner - {child})
        count += len(circles(siblings))
    return count


def circles(graph: Graph) -> list[set[str]]:
    """Returns the sets of nodes that import each other in a circle (strongly connected, two or more)."""
    reach = {name: set(imported) for name, imported in graph.items()}
    changed = True
    while changed:
        changed = False
        for seen in reach.values():
            more = set().union(*(reach.get(each, set()) for each in seen)) - seen
            if more:
                seen |= more
                changed = True
    found: list[set[str]] = []
    for name in graph:
        circle = {each for each in reach[name] if name in reach.get(each, set())}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


def collected_tests(root: Path) -> str:
    """Returns how many tests pytest collects, with the sources of this checkout on the path."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "ivg"
        package.mkdir()
        for path in (root / "ivg").iterdir():
            (package / path.name).symlink_to(path)
        for name in FOLDERS.keys() - {"ivg"}:
            (package / name).symlink_to(root / name)
        call = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
        env = {**os.environ, "PYTHONPATH": folder, "PYTHONSAFEPATH": "1"}
        done = subprocess.run(call, cwd=root, env=env, capture_output=True, text=True, check=False)
    count = re.search(r"(\d+) tests? collected", done.stdout)
    errors = re.search(r"(\d+) errors?", done.stdout.splitlines()[-1] if done.stdout else "")
    return (f"{int(count[1]):,}" if count else "none") + (f" ({errors[1]} files with errors)" if errors else "")


def figures(root: Path, tests: bool) -> dict[str, str]:
    """Returns the rows of the table for one checkout."""
    modules = modules_of(root)
    texts = {name: path.read_text() for name, path in modules.items()}
    trees = {name: ast.parse(text) for name, text in texts.items()}
    lines = {name: text.count("\n") for name, text in texts.items()}
    graph = {name: imports_of(name, modules[name], tree, modules) for name, tree in trees.items()}
    sizes = Counter(str(path.parent.relative_to(root)) for path in modules.values() if path.name != "__init__.py")
    functions = {
        f"{name}.{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    test_lines = sum(path.read_text().count("\n") for path in (root / "tests").rglob("*.py"))
    largest, files = sizes.most_common(1)[0]
    longest, longest_file = max(functions, key=functions.__getitem__), max(lines, key=lines.__getitem__)
    cli = {name: count for name, count in lines.items() if name.startswith("ivg.cli")}
    rows = {
        "source lines": f"{sum(lines.values()):,}",
        "source files": f"{len(modules):,}",
        "largest folder": f"{files} files (`{largest}`)",
        "longest file, lines": f"{lines[longest_file]} (`{longest_file}`)",
        "functions": f"{len(functions):,}",
        "longest function, lines": f"{functions[longest]} (`{longest}`)",
        "functions over 50 lines": str(sum(count > 50 for count in functions.values())),
        "median function, lines": f"{statistics.median(functions.values()):g}",
        "lines in `ivg/cli`": f"{sum(cli.values()):,} in {len(cli)} files",
        "import circles between modules": str(len(circles(graph))),
        "import circles between folders": str(folder_circles(graph)),
        "lines of tests": f"{test_lines:,}",
    }
    return {**rows, "tests collected": collected_tests(root)} if tests else rows


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(__file__).resolve().parent.parent])
    parser.add_argument("--tests", action="store_true", help="collect the tests, too (a minute each)")
    options = parser.parse_args()
    columns = [figures(folder.resolve(), options.tests) for folder in options.folders]
    print("| | " + " | ".join(folder.resolve().name for folder in options.folders) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")


if __name__ == "__main__":
    main()
