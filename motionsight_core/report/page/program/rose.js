// Eight directions as a rose; each petal is a filter.

const ROSE = { outer: 62, inner: 15, words: 77 };

function rose(facet, items, tone, title) {
  const counts = counted(facet, items);
  const most = d3.max(total(facet).values()) ?? 0;
  const radius = d3.scaleSqrt([0, most || 1], [ROSE.inner, ROSE.outer]);
  const angle = (eighth) => Math.PI / 2 - (eighth * Math.PI) / 4;
  const petal = d3.arc().innerRadius(ROSE.inner).padAngle(0.05).cornerRadius(2);
  const wedge = (eighth, outer) => petal({
    outerRadius: outer, startAngle: angle(eighth) - Math.PI / 8, endAngle: angle(eighth) + Math.PI / 8,
  });
  const petals = d3.range(8).map((eighth) => {
    const value = String(eighth);
    const count = counts.get(value) ?? 0;
    const press = () => toggle(facet, value);
    const [x, y] = [Math.sin(angle(eighth)) * ROSE.words, -Math.cos(angle(eighth)) * ROSE.words];
    return s("g", {
      class: `petal ${tone}`, role: "button", tabindex: count || state.facets[facet].has(value) ? 0 : -1,
      "aria-pressed": String(state.facets[facet].has(value)),
      "aria-label": `${FACETS[facet].name(value)}: ${plural(count, "clip")}`,
      "data-facet": facet, "data-value": value, onclick: press,
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); press(); } },
    },
    s("title", null, `${FACETS[facet].name(value)}: ${plural(count, "clip")}`),
    s("path", { class: "petal-room", d: wedge(eighth, ROSE.outer) }),
    s("path", { class: "petal-size", d: wedge(eighth, count ? radius(count) : ROSE.inner) }),
    s("text", { x, y, class: count ? "" : "none" }, count ? SHORT.format(count) : ARROWS[eighth]));
  });
  return s("svg", { class: "rose", viewBox: "-96 -88 192 176", role: "group", "aria-label": title }, petals);
}
