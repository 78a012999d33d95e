// Bars, each of which is a filter: how many clips have a value, of those that the other filters let through.

function counted(facet, items) {
  const counts = new Map();
  for (const item of items) for (const value of item.values[facet]) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

// Everything that there is at all, so that a bar does not vanish while one filters.
const totalsOf = (some) => Object.fromEntries(Object.keys(FACETS).map((facet) =>
  [facet, counted(facet, FACETS[facet].failures ? failures : some)]));
const totals = totalsOf(clips.filter((clip) => clip.current));
const totalsOfAll = totalsOf(clips);

function total(facet) {
  return (state.allRows ? totalsOfAll : totals)[facet];
}

function valuesOf(facet) {
  const there = [...total(facet).keys()];
  const ordered = FACETS[facet].order.filter((value) => there.includes(value));
  const rest = there.filter((value) => !ordered.includes(value));
  return [...ordered, ...rest.sort((a, b) => total(facet).get(b) - total(facet).get(a))];
}

function barButton(facet, value, count, most, properties) {
  const { noun = "clip", remark, tone } = properties;
  const word = FACETS[facet].word(value);
  const share = most ? Math.max(count ? 0.015 : 0, count / most) : 0;
  return h("button", {
    type: "button", class: `bar ${tone ?? ""}`, "aria-pressed": String(state.facets[facet].has(value)),
    "aria-label": `${word}: ${plural(count, noun)}${remark ? `, ${remark}` : ""}`, title: remark || null,
    "data-facet": facet, "data-value": value, onclick: () => toggle(facet, value),
  }, h("span", { class: "bar-word", dir: "auto" }, word),
  h("span", { class: "bar-room" }, h("span", { class: "bar-size", style: { "--share": share } })),
  h("span", { class: "bar-count" }, COUNT.format(count)));
}

// One below the other, the longest first or in their own order; of many the first, and those that are chosen.
function bars(facet, items, { tones = () => "", remarks = () => "", noun, first = Infinity } = {}) {
  const counts = counted(facet, items);
  const most = d3.max(total(facet).values()) ?? 0;
  const all = valuesOf(facet);
  const drawn = all.filter((value, index) => index < first || state.facets[facet].has(value));
  return h("div", { class: "bars" }, drawn.map((value) =>
    barButton(facet, value, counts.get(value) ?? 0, most, { tone: tones(value), remark: remarks(value), noun })),
  drawn.length < all.length ? h("p", { class: "unit" }, `and ${COUNT.format(all.length - drawn.length)} more: the search below finds them`) : null);
}

// Side by side: the values are steps of one quantity.
function columns(facet, items, unit) {
  const counts = counted(facet, items);
  const most = d3.max(total(facet).values()) ?? 0;
  return h("div", null,
    h("div", { class: "columns" }, FACETS[facet].order.map((value) => barButton(facet, value, counts.get(value) ?? 0, most, {}))),
    h("p", { class: "unit" }, unit));
}
