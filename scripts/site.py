"""Hooks of ``mkdocs build`` (``make docs``): pages made from files outside of ``docs/``, and the API reference.

Links between the pages are written for the repository, as GitHub shows it; here they are brought to the site's layout.
Every folder of code gets a page with its modules; every name that a module exports by ``__all__`` needs a docstring.
"""

from __future__ import annotations

import ast
import logging
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

log = logging.getLogger("mkdocs.hooks.site")
ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "tree"
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "configs/README.md": "configs.md",
    "ivg/weights/nano/README.md": "nano.md",
}
"""Files outside of ``docs/``, and their place in the site."""

SOURCES = {"ivg/": "ivg/", "policy/": "ivg/policy/", "envs/": "ivg/envs/"}
HIDDEN = ("ivg.cli", "ivg.configs")
LINK = re.compile(r"(\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s:]+?)(#[^)\s]*)?\)")


def modules() -> dict[str, list[str]]:
    """Returns the public modules of every folder of code, by dotted names, the folder itself first."""
    found: dict[str, list[str]] = {}
    for path in sorted((TREE / "ivg").rglob("*.py")):
        name = ".".join(path.relative_to(TREE).with_suffix("").parts).removesuffix(".__init__")
        folder = name if path.name == "__init__.py" else name.rpartition(".")[0]
        private = any(part.startswith("_") for part in name.split("."))
        if (path.parent / "__init__.py").exists() and not name.startswith(HIDDEN) and not private:
            found.setdefault(folder, []).append(name)
    return {folder: sorted(names) for folder, names in sorted(found.items())}


def is_docstring(node: ast.AST | None) -> bool:
    """Says whether a statement is a string, such as below a constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def definitions(name: str) -> set[str]:
    """Returns the documented names that a module defines at its top level."""
    path = TREE / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found = set()
    for node, following in pairwise([*ast.parse(path.read_text()).body, None]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and is_docstring(following):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {each for each in found if not each.startswith("_")}


def exports(folder: str, homes: dict[str, list[str]]) -> dict[str, str]:
    """Returns what a folder exports (imported or named in its ``__init__``), and the module that defines it."""
    text = (TREE / folder.replace(".", "/") / "__init__.py").read_text()
    return {
        name: homes[name][0]
        for name in sorted(
            set(re.findall(r"\b[A-Za-z]\w+\b", re.sub(r'""".*?"""', "", text, flags=re.DOTALL))) & set(homes)
        )
        if len(homes[name]) == 1
    }


def api_page(folder: str, names: list[str], defined: dict[str, set[str]]) -> str:
    """Returns the page of one folder of code: what it exports, then its modules."""
    if folder not in names or not (TREE / folder.replace(".", "/")).is_dir():
        return "\n\n".join([f"# {folder}", *(f"::: {name}" for name in names)])
    homes: dict[str, list[str]] = {}
    for module, inside in defined.items():
        if module.startswith(f"{folder}."):
            for name in inside:
                homes.setdefault(name, []).append(module)
    links = [f"[`{name}`][{module}.{name}]" for name, module in exports(folder, homes).items()]
    own = "true" if defined[folder] else "false"
    parts = [
        f"# {folder}",
        f"::: {folder}\n    options: {{show_root_heading: false, imported_members: false, members: {own}}}",
    ]
    parts += [f"**Exports:** {', '.join(links)}"] if links else []
    return "\n\n".join([*parts, *(f"::: {name}" for name in names if name != folder)])


def check_docstrings(config: Any) -> None:
    """Warns of every exported constant without a docstring (functions and classes are ruff's)."""
    for path in sorted((TREE / "ivg").rglob("*.py")):
        body = ast.parse(path.read_text()).body
        exported = {
            element.value
            for node in body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
            for element in getattr(node.value, "elts", ())
            if isinstance(element, ast.Constant)
        }
        for node, following in pairwise([*body, None]):
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name) and target.id in exported and not is_docstring(following):
                log.warning("%s: %s is exported and has no docstring", path.relative_to(TREE), target.id)


def on_config(config: Any) -> Any:
    """Puts the API reference into the navigation."""
    check_docstrings(config)
    config.nav = [*config.nav, {"API": [{folder: f"api/{folder}.md"} for folder in modules()]}]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that are not in ``docs/``."""
    for source, target in PAGES.items():
        text = re.sub(r"\A---\n.*?\n---\n", "", (ROOT / source).read_text(), flags=re.DOTALL)
        files.append(File.generated(config, target, content=text))
    folders = modules()
    defined = {name: definitions(name) for names in folders.values() for name in names}
    for folder, names in folders.items():
        files.append(File.generated(config, f"api/{folder}.md", content=api_page(folder, names, defined)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Brings links from the repository's layout to the site's; what the site has no page for becomes plain text."""
    site = page.file.src_uri
    back = {target: source for source, target in PAGES.items()}
    folder = (ROOT / back.get(site, f"docs/{site}")).parent

    def replaced(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        path = Path(os.path.normpath(folder / target))
        if not path.exists() or not path.is_relative_to(ROOT):
            return match[0]  # mkdocs says that it leads nowhere
        inner = str(path.relative_to(ROOT))
        if inner in PAGES:
            return f"{text}({os.path.relpath(PAGES[inner], Path(site).parent)}{anchor})"
        if inner.startswith("docs/"):
            return f"{text}({os.path.relpath(inner.removeprefix('docs/'), Path(site).parent)}{anchor})"
        for source, package in SOURCES.items():
            if inner.startswith(source) and path.suffix == ".py":
                name = f"{package}{inner.removeprefix(source)}".removesuffix(".py").replace("/", ".")
                module_page = f"api/{name.rpartition('.')[0]}.md"
                return f"{text}({os.path.relpath(module_page, Path(site).parent)}#{name})"
        return text[1:-1]

    return markdown if site.startswith("api/") else LINK.sub(replaced, markdown)
