"""``--table``: into its place on a page, or alone."""

from pathlib import Path

import pytest

from ivg.errors import InputError
from ivg.io.page_table import insert_table

DOCS = Path(__file__).parents[3] / "docs"


def test_the_table_is_put_in_its_place(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- mine -->\nold\n<!-- end -->\nafter\n<!-- other -->\nkept\n<!-- end -->\n")
    insert_table("new", page, "mine")
    insert_table("| newer |\n|---|", page, "mine")
    after = "after\n<!-- other -->\nkept\n<!-- end -->\n"
    assert page.read_text() == f"before\n<!-- mine -->\n| newer |\n|---|\n<!-- end -->\n{after}"


def test_a_table_without_a_page_is_a_file_of_its_own(tmp_path):
    alone = tmp_path / "new" / "table.md"
    insert_table("old", alone, "mine")
    insert_table("new", alone, "mine")
    assert alone.read_text() == "new\n"


def test_a_place_without_an_end_is_refused_and_the_page_kept(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- mine -->\nafter\n")
    with pytest.raises(InputError, match="no line '<!-- end -->'"):
        insert_table("new", page, "mine")
    assert page.read_text() == "before\n<!-- mine -->\nafter\n"


@pytest.mark.parametrize(
    ("page", "name"), [("ablation", "ablation"), ("execution", "execution"), ("policies", "conditioning-ablation")]
)
def test_the_pages_have_places_for_their_tables(page, name):
    lines = (DOCS / f"{page}.md").read_text().splitlines()
    assert lines.count(f"<!-- {name} -->") == 1
    assert "<!-- end -->" in lines[lines.index(f"<!-- {name} -->") :]
