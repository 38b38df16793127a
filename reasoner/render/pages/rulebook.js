const field = document.getElementById("search"), regime = document.getElementById("regime");
const count = document.getElementById("count");
const entries = [...document.querySelectorAll(".provision")].map(e =>
  [e, document.querySelector(`[data-for="${e.id}"]`), e.textContent.toLowerCase()]);
const search = () => {
  const words = field.value.toLowerCase().split(/\s+/).filter(w => w);
  let shown = 0;
  for (const [entry, link, text] of entries) {
    entry.hidden = !((!regime.value || entry.dataset.regime === regime.value) && words.every(w => text.includes(w)));
    link.hidden = entry.hidden; shown += !entry.hidden;
  }
  for (const [groups, kind] of [[".regime", ".provision"], [".listed", "li"]])
    for (const group of document.querySelectorAll(groups)) group.hidden = !group.querySelector(kind + ":not([hidden])");
  if (words.length) document.querySelectorAll(".listed").forEach(d => { d.open = true });
  count.textContent = count.dataset.text.replace("{Number}", shown);
};
field.addEventListener("input", search); regime.addEventListener("input", search);
field.form.addEventListener("submit", e => e.preventDefault());
addEventListener("keydown", e => { if (e.key === "/" && e.target !== field) { e.preventDefault(); field.focus(); } });
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.hidden) { field.value = regime.value = ""; search(); target.scrollIntoView(); }
});
search();
