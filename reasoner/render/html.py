"""Pages of HTML that stand alone: nothing beside the file is read, and a policy in the page forbids the network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from html import escape
from pathlib import Path

from reasoner.render.lines import ASIDE, ASK, NO, YES, Line
from reasoner.wording import Wording

CLASSES = {YES: "yes", NO: "no", ASK: "ask", ASIDE: "aside", "!": "ask", "i": "aside"}
_PAGES = Path(__file__).parent / "pages"
_VOID = frozenset({"br", "input", "meta"})


class Html(str):
    """Text that is HTML; any other text is escaped when it is put into a :func:`tag`."""

    __slots__ = ()


Inside = str | Iterable[str]


def tag(name: str, /, *inside: Inside, **attributes: object) -> Html:
    """An element. ``class_`` gives the attribute ``class``, ``data_text`` gives ``data-text``; True gives an attribute
    without a value, None and False give none."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{given}>" + ("" if name in _VOID else f"{join(*inside)}</{name}>"))


def join(*parts: Inside) -> Html:
    """Texts and elements one after the other."""
    found = ((part,) if isinstance(part, str) else part for part in parts)
    return Html("".join(part if isinstance(part, Html) else escape(part) for group in found for part in group))


def page(title: str, wording: Wording, body: Iterable[str], *parts: str) -> str:
    """A whole page with the styles and scripts called ``page`` and ``parts`` in ``pages/``.

    Nothing else of it is carried out, whatever a text in it contains.
    """
    style, script = (_read(f"{part}.{kind}" for part in ("page", *parts)) for kind in ("css", "js"))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        Html(f"<style>{style}</style>"),
    ]
    end = Html(f"<script>{script}</script>")
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', body, end), lang=wording.language)}\n"


def _read(names: Iterable[str]) -> str:
    return "".join(path.read_text(encoding="utf-8") for name in names if (path := _PAGES / name).is_file())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def mark(sign: str, wording: Wording) -> Html:
    """The mark of a line, with what it says for those who cannot see it."""
    if not sign:
        return Html()
    kind = CLASSES[sign]
    return tag("span", sign, class_=f"mark {kind}", role="img", aria_label=wording.ui(f"mark_{kind}"))


def pill(text: str, sign: str) -> Html:
    """A state as a short label, never by its colour alone."""
    return tag("span", f"{sign} {text}".strip(), class_=f"pill {CLASSES.get(sign, 'plain')}")


Cite = Callable[[tuple[str, ...]], Html]


def tree(lines: Iterable[Line], wording: Wording, cite: Cite, opened: Callable[[Line], bool]) -> Html:
    """Lines as a list; what lies below a line opens and closes. ``cite`` writes the provisions of a line, ``opened``
    says whether a line begins open."""
    return tag("ul", (tag("li", _branch(line, wording, cite, opened)) for line in lines), class_="tree")


def _branch(line: Line, wording: Wording, cite: Cite, opened: Callable[[Line], bool]) -> Html:
    said = tag("strong", line.text) if line.heading else line.text
    text = tag("span", said, " " if line.provisions else "", cite(line.provisions))
    label = join(mark(line.mark, wording), text)
    if not line.children:
        return tag("div", label, class_="leaf")
    below = tree(line.children, wording, cite, opened)
    return tag("details", tag("summary", label), below, open=opened(line))


def buttons(wording: Wording, *names: str) -> Html:
    """Buttons for the whole page, such as ``open-all``; without scripts there are none."""
    shown = (tag("button", wording.ui("page_" + name.replace("-", "_")), id=name, type="button") for name in names)
    return tag("div", shown, class_="buttons", hidden=True, data_script=True)
