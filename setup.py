"""Lays the source folders out as one package: ``policy/`` is installed as ``ivg.policy``, and so on.

Everything else about the distribution stands in ``pyproject.toml``. Setuptools finds packages by itself only
where
folder names and package names agree, so this file does it for the mapped ones.
"""

from setuptools import find_packages, setup

FOLDERS = {"ivg": "ivg", "ivg.policy": "policy", "ivg.envs": "envs", "ivg.configs": "configs"}


def packages() -> list[str]:
    """Returns the dotted name of every package (folder with ``__init__.py``) of every source folder."""
    return [
        name
        for package, folder in FOLDERS.items()
        for name in [package, *(f"{package}.{inner}" for inner in find_packages(folder))]
    ]


setup(packages=packages(), package_dir=FOLDERS)
