"""Templates whose constant parts are drawn once in each language: texts, icons, addresses of pages and files.

A page of the desk has two hundred of them, most in its head, menus and foot, and drawing them was a third of what a page
costs before its first row. Runs of neighbours become one node when a template is loaded; templates are written as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.template import Context, Template
from django.template.base import FilterExpression, Node, NodeList, TextNode, Variable
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loaders import base, cached
from django.templatetags.i18n import TranslateNode
from django.templatetags.static import StaticNode
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from web.templatetags.city import icon, same_everywhere

#: Tags of ours that give the same for the same arguments in a language.
_SAME: Final[tuple[Callable[..., SafeString], ...]] = (icon, same_everywhere)


class _Folding(base.Loader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        fold(template.nodelist)
        return template


class Loader(cached.Loader, _Folding):
    """Django's loader that keeps templates, which are folded before: another thread may draw what is kept."""


class FoldedNode(Node):
    """A run of nodes that give the same whenever they are drawn in a language."""

    child_nodelists = ()

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = NodeList(nodes)
        self.token = self.nodes[0].token
        self._has_addresses = any(isinstance(node, URLNode) for node in self.nodes)
        self._drawn: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        key: tuple[Any, ...] = (get_language(), context.autoescape)
        if self._has_addresses:
            key += (get_script_prefix(), get_urlconf())
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = self.nodes.render(context)
        return drawn


def fold(nodes: NodeList) -> None:
    """Puts a ``FoldedNode`` in the place of each run of constant nodes, at every depth; in place."""
    folded: list[Node] = []
    run: list[Node] = []

    def end() -> None:
        # Text alone stays: nothing else may stand before an ``extends``, and Django looks for just that.
        if all(isinstance(node, TextNode) for node in run):
            folded.extend(run)
        else:
            folded.append(FoldedNode(run))
        run.clear()

    for node in nodes:
        if _is_constant(node):
            run.append(node)
            continue
        end()
        folded.append(node)
        for inside in _inside(node):
            fold(inside)
    end()
    nodes[:] = folded


def _inside(node: Node) -> Iterable[NodeList]:
    if isinstance(node, IfNode):
        # Its ``nodelist`` is a copy of all of them.
        return (branch for _condition, branch in node.conditions_nodelists)
    return (inside for name in node.child_nodelists if (inside := getattr(node, name, None)))


def _is_constant(node: Node) -> bool:
    match node:
        case TextNode() | CommentNode() | LoadNode():
            return True
        case TranslateNode():
            return node.asvar is None and _is_literal(node.filter_expression, node.message_context)
        case StaticNode():
            return node.varname is None and _is_literal(node.path)
        case URLNode():
            # Names with a namespace of an application that is there twice would depend on the page; there is none.
            return not (node.args or node.kwargs or node.asvar) and _is_literal(node.view_name)
        case SimpleNode():
            return (
                node.func in _SAME
                and node.target_var is None
                and _is_literal(*node.args, *node.kwargs.values())
            )
    return False


def _is_literal(*expressions: FilterExpression | None) -> bool:
    return all(
        expression is None
        or (
            not expression.filters
            and not (isinstance(expression.var, Variable) and expression.var.lookups is not None)
        )
        for expression in expressions
    )
