"""`ivg-doctor`: what it prints, and its exit code."""

import json

import pytest

from ivg.cli.doctor import MISSING_CODE, main
from ivg.workflows.doctor import Finding
from ivg.workflows.doctor_checks import MISSING, OK, OPTIONAL


@pytest.fixture
def one_finding(monkeypatch):
    """Lets the doctor find what is given, and nothing else."""
    return lambda *findings: monkeypatch.setattr("ivg.workflows.doctor._all_findings", lambda: iter(findings))


def test_the_text_says_what_mends_it(one_finding, capsys):
    one_finding(Finding("a", "one", OK, "there"), Finding("b", "two", MISSING, "not there", "pip install two"))
    assert main([]) == MISSING_CODE
    shown = capsys.readouterr().out
    assert "    one: there\n" in shown
    assert "  X two: not there\n      -> pip install two\n" in shown
    assert shown.endswith("missing: two; the lines with -> say what mends it\n")


def test_what_is_optional_is_no_illness(one_finding, capsys, tmp_path):
    one_finding(Finding("a", "one", OPTIONAL, "not there"))
    assert main(["--json", str(tmp_path / "found.json")]) == 0
    assert "  - one: not there" in capsys.readouterr().out
    assert json.loads((tmp_path / "found.json").read_text()) == [
        {"group": "a", "name": "one", "state": "optional", "found": "not there", "mend": ""}
    ]


def test_json_to_stdout_is_nothing_but_json(one_finding, capsys):
    one_finding(Finding("a", "one", OK, "there"))
    assert main(["--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "one"
