"""Pages of HTML that stand alone: nothing beside the file is read, and a policy in the page forbids the network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from html import escape

from reasoner.render.lines import ASIDE, ASK, NO, YES, Line
from reasoner.wording import Wording

CLASSES = {YES: "yes", NO: "no", ASK: "ask", ASIDE: "aside", "!": "ask", "i": "aside"}
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


def page(title: str, wording: Wording, body: Iterable[str], style: str = "", script: str = "") -> str:
    """A whole page. Only its own style and script are carried out, whatever a text in it contains."""
    style = _STYLE + style
    policy = f"default-src 'none'; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    head = [
        tag("meta", charset="utf-8"),
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content=policy + (f"; script-src {_hash(script)}" * bool(script)),
        ),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        Html(f"<style>{style}</style>"),
    ]
    end = [Html(f"<script>{script}</script>")] if script else []
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', join(body), *end), lang=wording.language)}\n"


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


BUTTONS = """
const all = open => document.querySelectorAll("main details").forEach(d => { d.open = open });
for (const [id, open] of [["open-all", true], ["close-all", false]])
  document.getElementById(id)?.addEventListener("click", () => all(open));
document.getElementById("print")?.addEventListener("click", () => window.print());
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")]; closed.forEach(d => { d.open = true });
});
addEventListener("afterprint", () => { closed.forEach(d => { d.open = false }); });
const reveal = () => {
  let at = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (const target = at; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
    if (at === document.body) target.scrollIntoView();
  }
};
addEventListener("hashchange", reveal); reveal();
document.querySelectorAll("[data-script]").forEach(e => { e.hidden = false });
"""


def buttons(wording: Wording, *names: str) -> Html:
    """Buttons for the whole page, such as ``open-all``; without scripts there are none."""
    shown = (tag("button", wording.ui("page_" + name.replace("-", "_")), id=name, type="button") for name in names)
    return tag("div", shown, class_="buttons", hidden=True, data_script=True)


_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --panel: #f5f7f9; --ink: #1c2530; --soft: #535f6c; --line: #d5dbe2;
  --link: #1a4f8f; --yes: #14633a; --yes-bg: #e2f3e8; --no: #9c1f18; --no-bg: #fce8e6; --ask: #6f4a00; --ask-bg: #fcf0d3;
  --aside: #3d4889; --aside-bg: #e8ebfa }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --panel: #1d232a; --ink: #e6eaee; --soft: #a8b3be;
  --line: #39434e; --link: #8dbbf7; --yes: #86dba8; --yes-bg: #14321f; --no: #ffb1a9; --no-bg: #431a16; --ask: #f0c369;
  --ask-bg: #382b0d; --aside: #bdc6ff; --aside-bg: #252b4d } }
* { box-sizing: border-box }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif }
body > * { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; overflow-wrap: anywhere }
h1 { font-size: 1.75rem } h2 { font-size: 1.3rem } h3 { font-size: 1.05rem } h4 { font-size: 1rem }
p { margin: .4rem 0 } a { color: var(--link) } ul { margin: .3rem 0 }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px }
code, pre { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace;
  font-size: .84em }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.55 } pre code { font-size: inherit }
button, input, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft);
  border-radius: 6px; padding: .35rem .8rem }
button { cursor: pointer } button:hover { background: var(--panel) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
th { font-size: .85rem; font-weight: 600; color: var(--soft) } td { overflow-wrap: anywhere }
.soft { color: var(--soft) } .small { font-size: .88rem } .nowrap { white-space: nowrap }
.eyebrow { font-size: .8rem; font-weight: 600; letter-spacing: .06em; text-transform: uppercase; color: var(--soft);
  margin: 0 }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem } [hidden] { display: none !important }
.mark { flex: none; width: 1.35em; height: 1.35em; border-radius: 50%; display: inline-grid; place-items: center;
  font-size: .85em; font-weight: 700; line-height: 1 }
.pill { display: inline-block; border-radius: 1rem; padding: .05rem .65rem; font-size: .88rem; font-weight: 600;
  white-space: nowrap; background: var(--panel); color: var(--ink) }
.yes { color: var(--yes); background: var(--yes-bg) } .no { color: var(--no); background: var(--no-bg) }
.ask { color: var(--ask); background: var(--ask-bg) } .aside { color: var(--aside); background: var(--aside-bg) }
.cite { font-size: .82rem; color: var(--soft) }
.tree, .tree ul { list-style: none; margin: 0; padding: 0 } .tree .tree { margin-left: .45rem; padding-left: 1rem;
  border-left: 1px solid var(--line) }
.tree summary, .leaf { display: flex; gap: .55rem; align-items: baseline; padding: .25rem 0 } .leaf { padding-left: 1.05rem }
.tree span { overflow-wrap: anywhere; min-width: 0 } .tree .mark { align-self: flex-start; margin-top: .1em }
summary { cursor: pointer; list-style: none } summary::-webkit-details-marker { display: none }
summary::before { content: ""; flex: none; width: .45rem; height: .45rem; margin: 0 .05rem; border: solid var(--soft);
  border-width: 0 2px 2px 0; transform: rotate(-45deg); align-self: flex-start; position: relative; top: .55rem }
details[open] > summary::before { transform: rotate(45deg); top: .45rem }
summary:hover { background: var(--panel) }
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000;
    --yes: #14633a; --yes-bg: #fff; --no: #9c1f18; --no-bg: #fff; --ask: #6f4a00; --ask-bg: #fff; --aside: #3d4889;
    --aside-bg: #fff }
  @page { size: A4; margin: 16mm 15mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif } }
  html { font-size: 12px } body { font-size: 1rem } body > * { max-width: none; padding: 0 } .buttons, .screen { display: none !important }
  details::details-content { content-visibility: visible !important; display: block !important; height: auto !important }
  summary::before { display: none } .leaf { padding-left: 0 } .tree .tree { padding-left: .7rem } a { text-decoration: none }
  h1, h2, h3, h4, summary { break-after: avoid } .leaf, summary, tr { break-inside: avoid }
  .pill { border: 1px solid currentColor } .mark { border: 1px solid currentColor }
}
"""
