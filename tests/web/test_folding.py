"""Constant parts of templates, drawn once in each language."""

from __future__ import annotations

import pytest
from django.template import Context, Engine, Template, engines
from django.utils.translation import override

from web.folding import FoldedNode, Loader, fold

LOADED = "{% load i18n static city %}"
LANGUAGES = ("ky", "ru", "en")


def template(text: str) -> Template:
    made: Template = engines["django"].from_string(LOADED + text).template  # type: ignore[attr-defined]
    return made


def test_constant_neighbours_become_one_node_that_says_it_in_each_language() -> None:
    text = (
        '<p>{% translate "Map" %} {% translate "Mine" context "my appeals, on the bar of a phone" %}{# a remark #}'
        '{% icon "map" %}<a href="{% url \'public:about\' %}">{% static "web/css/site.css" %}</a></p>'
    )
    whole, folded = template(text), template(text)
    fold(folded.nodelist)
    assert [type(node) for node in folded.nodelist] == [FoldedNode]
    said = []
    for language in LANGUAGES * 2:
        with override(language):
            said.append(folded.render(Context()))
            assert said[-1] == whole.render(Context())
    assert len(set(said)) == len(LANGUAGES)


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}",
        "{% translate name %}",
        '{% translate "Map" context name %}',
        '{% translate "Map" as known %}{{ known }}',
        "{% translate 'Map'|add:name %}",
        "{% icon name %}",
        '{% icon "map" name %}',
        '{% icon "map" as drawn %}{{ drawn }}',
        "{% static name %}",
        '{% static "web/css/site.css" as sheet %}{{ sheet }}',
        "{% url 'public:appeal' number %}",
        "{% if name == 'a' %}{% translate 'Map' %}{% else %}{% translate 'News' %}{% endif %}",
        "{% for letter in name %}{% translate 'Map' %}{{ letter }}{% empty %}{% icon 'map' %}{% endfor %}",
        "{% with known=name %}{% translate 'Map' %}{{ known }}{% endwith %}",
    ],
)
def test_what_the_page_decides_is_drawn_each_time(text: str, settings: pytest.FixtureRequest) -> None:
    settings.STORAGES = settings.STORAGES | {  # type: ignore[attr-defined]
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    text = f"{{% icon 'pin' %}}{text}{{% translate 'Desk' %}}"
    whole, folded = template(text), template(text)
    fold(folded.nodelist)
    for name, number in (("a", 1), ("b<>", 2), ("", 3)):
        for language in LANGUAGES:
            with override(language):
                page = {"name": name, "number": number}
                assert folded.render(Context(page)) == whole.render(Context(page))


def test_a_template_that_is_loaded_is_folded() -> None:
    loaded: Template = engines["django"].get_template("web/base.html").template  # type: ignore[attr-defined]
    assert loaded.nodelist.get_nodes_by_type(FoldedNode)


def test_what_is_kept_for_other_threads_is_folded_already() -> None:
    """To fold what another thread draws would leave parts of its page out."""
    kept = []

    class Kept(dict[str, Template]):
        def __setitem__(self, name: str, made: Template) -> None:
            kept.append(bool(made.nodelist.get_nodes_by_type(FoldedNode)))
            super().__setitem__(name, made)

    engine: Engine = engines["django"].engine  # type: ignore[attr-defined]
    loader = Loader(engine, ["django.template.loaders.app_directories.Loader"])
    loader.get_template_cache = Kept()
    assert loader.get_template("web/base.html") is loader.get_template("web/base.html")
    assert kept == [True]
