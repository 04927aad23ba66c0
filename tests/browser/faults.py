"""What is wrong with a page as it is drawn, whatever it shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings

_AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Any, *, colours: bool = True) -> list[str]:
    """Serious and critical ones that axe-core finds, with the elements that they are about.

    Contrast, which takes most of its time, only with ``colours``: those of a page are the same in each language.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_AXE.read_text(encoding="utf-8"))
    rules = {} if colours else {"color-contrast": {"enabled": False}}
    found = page.evaluate("(rules) => axe.run(document, {rules, resultTypes: ['violations']})", rules)
    return [
        f"{rule['id']}: {[node['target'] for node in rule['nodes']][:4]}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]


def running_out(page: Any) -> list[str]:
    """What of the header and of the page is wider than its place, and words that are torn or cut for want of room."""
    found: list[str] = page.evaluate(
        """() => {
            const said = [];
            if (document.documentElement.scrollWidth > document.documentElement.clientWidth) said.push("the page");
            const inner = document.querySelector(".site-header__inner").getBoundingClientRect();
            for (const part of document.querySelectorAll(".site-header__inner a, .site-header__inner summary")) {
                const {left, right, width} = part.getBoundingClientRect();
                if (width && (left < inner.left || right > inner.right + 0.5)) said.push(part.textContent.trim());
            }
            for (const part of document.querySelectorAll(".wordmark__words > *")) {
                if (part.scrollWidth > part.clientWidth) said.push(part.textContent);
            }
            const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const text = walker.currentNode;
                // What is folded up has no room at all.
                if (!text.parentElement.checkVisibility()) continue;
                for (const word of text.textContent.matchAll(/[\\p{L}\\p{N}]+/gu)) {
                    const range = document.createRange();
                    range.setStart(text, word.index);
                    range.setEnd(text, word.index + word[0].length);
                    if (new Set([...range.getClientRects()].map((one) => one.top)).size > 1) said.push(word[0]);
                }
            }
            return said;
        }"""
    )
    return found
