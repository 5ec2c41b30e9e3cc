"""Files that get in each other's way are found: the one that loses is named, and the other."""

from engine.checking import Finding
from tests.engine.checking.conftest import Check


def short(found: list[Finding]) -> set[tuple[str, str, str]]:
    return {(finding.code, finding.path, finding.near) for finding in found}


def test_names_that_differ_enough_are_left_alone(check: Check) -> None:
    assert check({"a.md": "", "b/a.md": "", "ab.md": "", "b.md": "", "c.txt": "", "b/c.txt": ""}) == []


def test_two_files_with_one_address(check: Check) -> None:
    files = {"a.md": "", "a.markdown": "", "b": "x", "b.md": "", "c.md": "", "c.md.md": ""}
    assert short(check(files)) == {
        ("address-clash", "a.markdown", "a.md"),
        ("address-clash", "b.md", "b"),
        ("address-clash", "c.md.md", "c.md"),
    }


def test_two_ids_with_one_key(check: Check) -> None:
    found = short(check({"a b.md": "", "a-b.md": "", "c/d_e.md": "", "c/d e.md": ""}))
    assert found == {("key-clash", "a-b.md", "a b.md"), ("key-clash", "c/d_e.md", "c/d e.md")}


def test_files_and_folders_that_differ_in_case_alone(check: Check) -> None:
    found = short(check({"A.md": "", "a.md": "", "Docs/x.md": "", "docs/y.md": "", "docs/x.md": ""}))
    assert found == {("case-clash", "a.md", "A.md"), ("case-clash", "docs", "Docs")}


def test_one_alias_on_two_pages_of_one_language(check: Check) -> None:
    files = {
        "a.md": "---\naliases:\n  - other\n  - Same One\n---\n",
        "b.md": "---\naliases: [same-one]\n---\n",
        "de/c.md": "---\naliases: [same one]\n---\n",
    }
    found = check(files)
    assert short(found) == {("alias-clash", "a.md", "b.md"), ("alias-clash", "b.md", "a.md")}
    assert [finding.line for finding in found] == [4, 2]


def test_an_alias_that_is_another_pages_name(check: Check) -> None:
    found = check({"a.md": "---\naliases: [B c, a]\n---\n", "b-c.md": ""})
    assert short(found) == {("alias-taken", "a.md", "b-c.md")}
    assert found[0].line == 2


def test_a_name_that_misleads(check: Check) -> None:
    found = check({"a\u202egpj.md": "", "b .md": "", "c.md ": ""})
    assert {(finding.code, finding.path) for finding in found} == {
        ("unsafe-name", "a\u202egpj.md"),
        ("unsafe-name", "c.md "),
    }
