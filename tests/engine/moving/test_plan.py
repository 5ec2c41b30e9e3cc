"""Moving pages, media and folders: links go on to mean what they meant, and nothing else changes."""

import pytest

from engine.changes import Move
from engine.errors import PageExistsError, PageNotFoundError
from engine.moving import Leave
from tests.engine.moving.conftest import Plan
from tests.moves import Files, after, applied

# -- which links change, and how


@pytest.mark.parametrize(
    ("page", "link", "rewritten"),
    [
        ("x", "[[Old]]", "[[New]]"),
        ("x", "[[old#Part|said]]", "[[New#Part|said]]"),
        ("x", "![[Old]]", "![[New]]"),
        ("x", "[[Old.md]]", "[[New.md]]"),
        ("x", "[[a/Old]]", "[[b/New]]"),
        ("x", "[[/a/Old]]", "[[/b/New]]"),
        ("x", "[[./a/Old]]", "[[./b/New]]"),
        ("c/d", "[[../a/Old]]", "[[../b/New]]"),
        ("b/d", "[[../a/Old]]", "[[./New]]"),
        ("x", "[y](a/Old.md)", "[y](b/New.md)"),
        ("x", "[y](a/Old)", "[y](b/New)"),
        ("x", "[y](./a/Old.md#z)", "[y](./b/New.md#z)"),
        ("x", "[y](/a/Old.md)", "[y](/b/New.md)"),
        ("a/y", "[y](Old.md)", "[y](../b/New.md)"),
        ("a/y", "[[Old]]", "[[New]]"),
        ("b/y", "[y](../a/Old.md)", "[y](New.md)"),
        ("c/y", "[y](Old.md)", "[y](New.md)"),  # not a path, so it need not become one
        ("x", "[y][z]\n\n[z]: <a/Old.md> 'said'", "[y][z]\n\n[z]: <b/New.md> 'said'"),
        ("x", '<a href="a/Old.md">y</a>', '<a href="b/New.md">y</a>'),
        ("x", "| [[Old\\|y]] |\n|---|", "| [[New\\|y]] |\n|---|"),
        ("x", "> [!note] [[Old]]\n> x^[in [[Old]]]", "> [!note] [[New]]\n> x^[in [[New]]]"),
        ("x", "---\nredirect: a/Old\n---\n", "---\nredirect: b/New\n---\n"),
        ("x", "---\nup: '[[Old|up]]' # so\n---\n", "---\nup: '[[New|up]]' # so\n---\n"),
        ("x", "`[[Old]]` %%[[Old]]%% $[[Old]]$ [[Gone]] [y](https://x.org/a/Old.md)", None),
        ("x", "---\ntitle: '[[Old]]'\n---\n", None),
    ],
)
def test_links_to_a_page_that_moves_are_rewritten(
    plan: Plan, page: str, link: str, rewritten: str | None
) -> None:
    files = {f"{page}.md": f"{link}\n", "a/Old.md": "Text.\n"}
    made = plan(files, "a/Old.md", "b/New.md")
    assert after(files, made) == {"b/New.md": "Text.\n"} | (
        {f"{page}.md": f"{rewritten}\n"} if rewritten else {}
    )
    assert made.moves == (("a/Old.md", "b/New.md"),)
    assert [each.name.path for each in made.rewritten] == ([f"{page}.md"] if rewritten else [])
    assert not made.unsure


def test_a_bare_name_becomes_as_long_as_it_has_to(plan: Plan) -> None:
    files = {
        "x.md": "[[Old]] ![[Old]]\n",
        "Old.md": "",
        "c/b/New.md": "",
        "New.md": "",
    }
    assert after(files, plan(files, "Old.md", "a/b/New.md"))["x.md"] == "[[a/b/New]] ![[a/b/New]]\n"
    files = {"x.md": "[[Old]]\n", "Old.md": "", "c/New.md": "", "New.md": ""}
    assert after(files, plan(files | {"c/b/New.md": None}, "Old.md", "a/b/New.md"))["x.md"] == "[[b/New]]\n"


def test_a_bare_name_that_still_means_the_page_stays(plan: Plan) -> None:
    files = {"x.md": "[[Page]] [y](Page)\n", "a/Page.md": "[[x]]\n"}
    made = plan(files, "a/Page.md", "b/c/Page.md")
    assert after(files, made) == {"b/c/Page.md": "[[x]]\n"}
    (change,) = made.changes
    assert isinstance(change, Move)
    assert change == Move("a/Page.md", "b/c/Page.md", change.base)


def test_links_of_the_page_itself_are_rewritten(plan: Plan) -> None:
    files: Files = {
        "a/Old.md": "[y](x.md) ![i](../i.png) [[Near]] [[Old#Part]] [[#Part]] [z](Old.md) [[./x]]\n\n# Part\n",
        "a/x.md": "",
        "i.png": b"",
        "a/Near.md": "",
        "b/Near.md": "",
    }
    made = plan(files, "a/Old.md", "b/c/New.md")
    assert after(files, made) == {
        "b/c/New.md": "[y](../../a/x.md) ![i](../../i.png) [[a/Near]] [[New#Part]] [[#Part]] [z](New.md) [[../../a/x]]\n\n# Part\n"
    }
    assert made.rewritten[0].links == made.links == 6
    assert made.rewritten[0].title == "Part"


def test_places_where_nothing_is_stay_the_same_places(plan: Plan) -> None:
    text = "[y](todo.md) [z](../../src/x.c) [[./later]] [[Later]] [w](/top) ![i](todo.png)\n"
    files = {"a/Old.md": text}
    assert after(files, plan(files, "a/Old.md", "a/b/Old.md"))["a/b/Old.md"] == (
        "[y](../todo.md) [z](../../../src/x.c) [[../later]] [[Later]] [w](/top) ![i](../todo.png)\n"
    )
    files = {"a/b/Old.md": "[y](todo.md) [z](../todo.md)\n"}
    assert (
        after(files, plan(files | {"a/Old.md": None}, "a/b", "c"))["c/Old.md"]
        == "[y](todo.md) [z](../a/todo.md)\n"
    )


def test_links_that_a_new_name_would_steal_are_rewritten(plan: Plan) -> None:
    files = {
        "x.md": "[[Goal]] [[Nick]] [[Its title]] [y](Goal)\n",
        "far/away/Goal.md": "---\naliases: [Nick]\ntitle: Its title\n---\n",
        "Old.md": "",
    }
    made = plan(files, "Old.md", "Goal.md")
    assert after(files, made)["x.md"] == "[[away/Goal]] [[Nick]] [[Its title]] [y](away/Goal)\n"
    made = plan(files, "Old.md", "Nick.md")
    assert after(files, made)["x.md"] == "[[Goal]] [[Goal]] [[Its title]] [y](Goal)\n"
    made = plan(files, "Old.md", "b/Its title.md")
    assert after(files, made)["x.md"] == "[[Goal]] [[Nick]] [[Goal]] [y](Goal)\n"


def test_a_folder_is_not_taken_for_another_one(plan: Plan) -> None:
    files = {"a/x.md": "[[..]]\n", "b.md": "", "c.md": ""}
    assert after(files, plan(files, "a/x.md", "b/c/x.md"))["b/c/x.md"] == "[[../..]]\n"


def test_links_that_a_page_unveils_by_its_place_are_rewritten(plan: Plan) -> None:
    # Both pages are as near, and the shorter path wins; then that page goes further away.
    files = {"b/x.md": "[[T]]\n", "b/c/One.md": "# T\n", "a/longer/Two.md": "# T\n"}
    made = plan(files, "b/c/One.md", "z/y/x/One.md")
    assert after(files, made)["b/x.md"] == "[[One]]\n"


def test_addresses_stay_paths_from_their_page(plan: Plan) -> None:
    files = {"a/x.md": "[y](Old.md) [[Old]] [z](./gone.md)\n", "a/Old.md": "[y](x.md) [[x]]\n"}
    made = plan(files, "a/Old.md", "b/Old.md")
    assert after(files, made) == {
        "a/x.md": "[y](../b/Old.md) [[Old]] [z](./gone.md)\n",
        "b/Old.md": "[y](../a/x.md) [[x]]\n",
    }


def test_a_link_that_would_become_ambiguous_is_rewritten(plan: Plan) -> None:
    files = {"x.md": "[[P]]\n", "a/P.md": "", "b/c/P.md": ""}
    made = plan(files, "b/c/P.md", "c/P.md")
    assert after(files, made)["x.md"] == "[[a/P]]\n"


def test_a_missing_link_that_the_new_name_fulfils_is_left(plan: Plan) -> None:
    files = {"x.md": "[[New]] [[Old]]\n", "Old.md": ""}
    assert after(files, plan(files, "Old.md", "New.md"))["x.md"] == "[[New]] [[New]]\n"


def test_a_name_that_cannot_stand_in_a_wikilink_is_written_another_way(plan: Plan) -> None:
    files = {"x.md": "[[Old]] [y](Old.md)\n", "Old.md": "---\ntitle: C sharp\n---\n"}
    made = plan(files, "Old.md", "C#.md")
    assert after(files, made)["x.md"] == "[[C sharp]] [y](C%23.md)\n"
    made = plan({"Old.md": ""}, "Old.md", "C#.md")
    assert [(each.written, each.name.path) for each in made.unsure] == [("Old", "x.md")]
    assert "C#" not in after(files, made).get("x.md", "").partition("[y]")[0]


def test_headings_keep_their_words_and_so_their_addresses(plan: Plan) -> None:
    files = {"x.md": "# About [[Old]]\n\nSee [[#About Old]].\n", "Old.md": ""}
    assert (
        after(files, plan(files, "Old.md", "New.md"))["x.md"]
        == "# About [[New|Old]]\n\nSee [[#About Old]].\n"
    )


def test_byte_order_marks_and_line_ends_stay(plan: Plan) -> None:
    files: Files = {"x.md": b"\xef\xbb\xbf---\r\ntags: [a]\r\n---\r\n[[Old]]\r\nb", "Old.md": ""}
    made = plan(files, "Old.md", "New.md")
    assert applied(files, made)["x.md"] == b"\xef\xbb\xbf---\r\ntags: [a]\r\n---\r\n[[New]]\r\nb"


def test_pages_with_the_same_text_are_each_rewritten_for_their_place(plan: Plan) -> None:
    files = {
        "a/x.md": "[y](../Old.md)\n",
        "b/c/x.md": "[y](../../Old.md)\n",
        "a/z.md": "[y](../Old.md)\n",
        "Old.md": "",
    }
    assert after(files, plan(files, "Old.md", "a/New.md")) == {
        "a/x.md": "[y](New.md)\n",
        "a/z.md": "[y](New.md)\n",
        "b/c/x.md": "[y](../../a/New.md)\n",
        "a/New.md": "",
    }


# -- media, folders


def test_media_move_with_all_that_show_them(plan: Plan) -> None:
    files: Files = {
        "x.md": "---\ncover: m/old.png\nother: old.png\n---\n![[old.png|300]] ![i](m/old.png) [y](/m/old.png)\n",
        "m/old.png": b"",
        "quire.toml": "# ours\nlogo = \"m/old.png\"\ntitle = 'm/old.png'\n",
    }
    made = plan(files, "m/old.png", "pictures/new one.png")
    assert after(files, made) == {
        "x.md": "---\ncover: pictures/new one.png\nother: new one.png\n---\n"
        "![[new one.png|300]] ![i](pictures/new%20one.png) [y](/pictures/new%20one.png)\n",
        "pictures/new one.png": "",
        "quire.toml": "# ours\nlogo = \"pictures/new one.png\"\ntitle = 'm/old.png'\n",
    }
    assert made.links == 6


def test_the_home_page_stays_the_home_page(plan: Plan) -> None:
    files = {"a/Old.md": "", "quire.toml": 'home = "a/Old"\n'}
    assert after(files, plan(files, "a/Old.md", "b/New.md"))["quire.toml"] == 'home = "b/New"\n'


def test_a_folder_moves_with_its_files(plan: Plan) -> None:
    files: Files = {
        "x.md": "[[a/One]] [y](a/b/Two.md) [z](a/) [w](a/b) [[One]] ![[i.png]]\n",
        "a/One.md": "[y](b/Two.md) ![i](i.png) [z](../x.md) [[a/b/Two]] [[x]] [w](.)\n",
        "a/b/Two.md": "[y](../One.md) [[/a/One]]\n",
        "a/i.png": b"",
        "ab.md": "",
    }
    made = plan(files, "a", "c/d")
    assert after(files, made) == {
        "x.md": "[[c/d/One]] [y](c/d/b/Two.md) [z](c/d/) [w](c/d/b) [[One]] ![[i.png]]\n",
        "c/d/One.md": "[y](b/Two.md) ![i](i.png) [z](../../x.md) [[c/d/b/Two]] [[x]] [w](.)\n",
        "c/d/b/Two.md": "[y](../One.md) [[/c/d/One]]\n",
        "c/d/i.png": "",
    }
    assert made.moves == (
        ("a/One.md", "c/d/One.md"),
        ("a/b/Two.md", "c/d/b/Two.md"),
        ("a/i.png", "c/d/i.png"),
    )
    assert not made.unsure


def test_a_page_that_speaks_for_its_folder_is_still_meant(plan: Plan) -> None:
    files = {"x.md": "[y](a/) [[a]]\n", "a/index.md": "", "a/One.md": "[y](.)\n"}
    made = plan(files, "a/index.md", "a/start.md")
    assert after(files, made) == {
        "x.md": "[y](a/start) [[start]]\n",
        "a/One.md": "[y](./start)\n",
        "a/start.md": "",
    }
    made = plan(files, "a/index.md", "b/index.md")
    assert after(files, made)["x.md"] == "[y](b/) [[b]]\n"


def test_a_link_to_a_folder_that_is_gone_is_told(plan: Plan) -> None:
    made = plan({"x.md": "[y](a/)\n", "a/One.md": ""}, "a/One.md", "One.md")
    assert [(each.written, each.reason) for each in made.unsure] == [
        ("a/", "Nothing is left in the folder “a”.")
    ]
    assert made.unsure[0].title == "x"


def test_case_alone_can_change(plan: Plan) -> None:
    files = {"x.md": "[[old page]] [y](Old-Page.md)\n", "Old-Page.md": "", "Notes/a.md": ""}
    made = plan(files, "Old-Page.md", "old-page.md", Leave.REDIRECT)
    assert after(files, made) == {"x.md": "[[old page]] [y](old-page.md)\n", "old-page.md": ""} or after(
        files, made
    ) == {"old-page.md": ""}
    assert not made.left
    assert plan(files, "Notes", "notes").moves == (("Notes/a.md", "notes/a.md"),)


# -- what stays


def test_an_alias_is_left_for_who_knows_the_old_name(plan: Plan) -> None:
    files = {"x.md": "[[Old]]\n", "a/Old.md": "---\ntitle: T # so\n---\nText.\n"}
    made = plan(files, "a/Old.md", "a/New.md", Leave.ALIAS)
    assert after(files, made)["x.md"] == "[[New]]\n"
    assert made.left == ("a/Old", "Old")
    assert any(isinstance(change, Move) and change.content is not None for change in made.changes)
    assert after(files, made)["a/New.md"] == "---\ntitle: T # so\naliases: [a/Old, Old]\n---\nText.\n"
    files = {"Old.md": "---\naliases:\n  - b # so\n---\n"}
    made = plan({**files, "x.md": None, "a/Old.md": None}, "Old.md", "New.md", Leave.ALIAS)
    assert after(files, made)["New.md"] == "---\naliases:\n  - b # so\n  - Old\n---\n"


def test_an_alias_that_another_page_has_is_not_taken(plan: Plan) -> None:
    files = {"Old.md": "Text.\n", "b.md": "---\nalias: old\n---\n"}
    assert plan(files, "Old.md", "New.md", Leave.ALIAS).left == ()


def test_pages_with_the_same_text_get_aliases_each(plan: Plan) -> None:
    made = plan({"a/One.md": "Same.\n", "a/b/Two.md": "Same.\n"}, "a", "c", Leave.ALIAS)
    assert made.left == ("a/One", "a/b/Two")
    assert after({"a/One.md": "Same.\n", "a/b/Two.md": "Same.\n"}, made) == {
        "c/One.md": "---\naliases: [a/One]\n---\nSame.\n",
        "c/b/Two.md": "---\naliases: [a/b/Two]\n---\nSame.\n",
    }


def test_links_are_not_left_to_an_alias_that_they_would_lose_it_to(plan: Plan) -> None:
    files = {"x.md": "[[Old]] [[b/Old]]\n", "b/Old.md": "", "c.md": "---\ntitle: b/Old\n---\n"}
    made = plan(files, "b/Old.md", "New.md", Leave.ALIAS)
    assert after(files, made)["x.md"] == "[[New]] [[New]]\n"


def test_a_page_is_left_that_leads_on(plan: Plan) -> None:
    files = {"x.md": "[[Old]] [y](a/Old.md)\n", "a/Old.md": "Text.\n", "a/b/New.md": ""}
    made = plan(files, "a/Old.md", "b/New.md", Leave.REDIRECT)
    assert after(files, made) == {
        "x.md": "[[New]] [y](b/New.md)\n",
        "a/Old.md": "---\nredirect: /b/New\n---\n",
        "b/New.md": "Text.\n",
    }
    assert made.left == ("a/Old.md",)


# -- rights


def test_what_is_hidden_is_not_told_and_not_changed(plan: Plan) -> None:
    files = {
        "secret.md": "[[Old]]\n",
        "a/Old.md": "",
        "a/secret.md": "",
        "x.md": "---\nredirect: a/Old\n---\n",
    }
    made = plan(files, "a", "b")
    assert made.moves == (("a/Old.md", "b/Old.md"),)
    assert [each.name.path for each in made.rewritten] == ["x.md"]
    assert not made.locked
    assert not made.unsure
    assert set(after(files, made)) == {"x.md", "b/Old.md"}
    with pytest.raises(PageNotFoundError):
        plan(files, "secret.md", "c.md")


def test_a_hidden_file_in_the_way_has_no_name(plan: Plan) -> None:
    with pytest.raises(PageExistsError) as refused:
        plan({"a.md": "", "secret.md": ""}, "a.md", "Secret.md")
    assert "secret.md" not in str(refused.value)


def test_pages_that_the_actor_may_not_change_are_told(plan: Plan) -> None:
    files = {
        "locked.md": "[[Old]] [[Old]]\n",
        "locked two.md": "---\nredirect: Old\n---\n",
        "x.md": "[[Old]]\n",
        "Old.md": "",
    }
    made = plan(files, "Old.md", "New.md")
    assert [(each.name.path, each.title, each.links) for each in made.locked] == [
        ("locked two.md", "locked two", 1),
        ("locked.md", "locked", 2),
    ]
    assert [each.name.path for each in made.rewritten] == ["x.md"]
    assert set(after(files, made)) == {"x.md", "New.md"}
