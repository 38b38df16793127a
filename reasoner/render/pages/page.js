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
