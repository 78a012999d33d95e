// The overview: what the catalog holds in a sentence, in four numbers, and in charts that are filters.

const current = clips.filter((clip) => clip.current);

function lead() {
  if (!current.length && !failures.length) return "Nothing is selected: no row of the warehouse meets the condition.";
  if (!current.length) return `No clip could be annotated; ${plural(failures.length, "annotation")} failed.`;
  const moved = current.filter((clip) => moving(clip).length);
  const acting = current.filter((clip) => clip.tracks.length);
  const often = [...totals.move].filter(([label]) => label !== "static").sort((a, b) => b[1] - a[1])[0];
  const shaky = totals.steadiness.get("shaky") ?? 0;
  const told = [
    `The camera moves in ${moved.length === current.length ? "all" : COUNT.format(moved.length)} of ${plural(current.length, "clip")}`
      + (often ? `, most often ${doing(often[0])} (${COUNT.format(often[1])})` : ""),
    acting.length ? `something moves in front of it in ${COUNT.format(acting.length)}` : "nothing moves in front of it",
  ];
  const last = [shaky ? `${plural(shaky, "clip is", "clips are")} shaky` : "", failures.length
    ? `${plural(failures.length, "annotation")} failed` : ""].filter(Boolean).join("; ");
  return `${told.join("; ")}. ${last ? last[0].toUpperCase() + last.slice(1) + "." : ""}`;
}

function tile(value, name, remark, properties) {
  const inner = [h("span", { class: "tile-value" }, value), h("span", { class: "tile-name" }, name),
    h("span", { class: "tile-remark" }, remark)];
  return properties ? h("button", { type: "button", class: "tile", ...properties }, inner) : h("div", { class: "tile" }, inner);
}

function tiles() {
  const length = d3.sum(current, (clip) => clip.length);
  const videos = new Set(current.map((clip) => clip.uri)).size;
  const { annotated, seconds: took, count } = catalog.runs;
  const rate = took > 0 ? annotated / took : 0;
  const errors = [...totals.error].sort((a, b) => b[1] - a[1]);
  const chosen = state.facets.error.size > 0;
  return h("div", { class: "tiles" },
    tile(COUNT.format(current.length), current.length === 1 ? "clip" : "clips", `from ${plural(videos, "video")}`),
    tile(duration(length), "of video", current.length ? `${seconds(length / current.length)} a clip on average` : "none"),
    tile(rate ? number(rate) : "unknown", !rate ? "throughput" : number(rate) === "1" ? "clip a second" : "clips a second", took ? `annotated in ${duration(took)}, ${plural(count, "run")}` : "no finished run"),
    tile(COUNT.format(failures.length), failures.length === 1 ? "failure" : "failures",
      failures.length ? `most often ${shown(errors[0][0])}` : catalog.failuresFit ? "everything could be annotated" : "not selected by this condition",
      failures.length ? {
        "aria-pressed": String(chosen), "data-facet": "tile", "data-value": "failures", title: chosen ? "Show the clips again" : "Show what failed",
        onclick: () => choose({ facets: { ...state.facets, error: new Set(chosen ? [] : totals.error.keys()) } }),
      } : null));
}

function panel(title, body, remark) {
  return h("section", { class: "panel" }, h("h3", null, title), remark ? h("p", { class: "remark" }, remark) : null, body);
}

const lasting = d3.rollup(current.flatMap((clip) => clip.moves), (moves) => d3.sum(moves, (move) => move[1] - move[0]), (move) => move[2]);

function movesRemark(label) {
  return `${duration(lasting.get(label) ?? 0)} in all`;
}

function overview(others) {
  const scatterRoom = h("div", { class: "scatter-room" });
  const shaking = h("p", { class: "legend" }, STEADINESS.filter((kind) => totals.steadiness.has(kind)).map((kind) =>
    h("span", null, h("i", { class: `tone-${kind}` }), kind)));
  const failed = failures.length ? panel("What failed, and why?", bars("error", others.error, { tones: () => "tone-bad", noun: "failure" })) : null;
  const charts = !current.length ? [] : [
    panel("Which camera moves?", bars("move", others.move, { tones: (value) => "tone-" + family(value), remarks: movesRemark }), "Clips with each move"),
    panel("How steady is the camera?", bars("steadiness", others.steadiness, { tones: (value) => "tone-" + value })),
    panel("How long is a move?", columns("length", others.length, "seconds")),
    panel("How fast is the camera?", columns("speed", others.speed, "frame widths a second, the fastest pan or tilt")),
    failed,
    panel("Where does it go?", h("div", { class: "roses" },
      h("figure", null, h("figcaption", null, "Camera"), rose("goes", others.goes, "tone-pan", "Where cameras go")),
      h("figure", null, h("figcaption", null, "Objects, in the picture"), rose("way", others.way, "tone-object", "Where objects go")))),
    valuesOf("thing").length > 1 ? panel("What moves?", bars("thing", others.thing, { tones: () => "tone-object", first: 8 }), "Clips with each object") : null,
    panel("How fast are objects?", columns("pace", others.pace, "frame widths a second, the fastest object")),
    valuesOf("doubt").length ? panel("What is in doubt?", bars("doubt", others.doubt, { tones: () => "tone-warn" })) : null,
    valuesOf("annotator").length > 1 ? panel("Who described them?", bars("annotator", others.annotator)) : null,
  ];
  byId("overview").replaceChildren(h("h2", { class: "unseen" }, "Overview"), h("p", { class: "lead" }, lead()), tiles(),
    h("div", { class: "panels" }, charts.length ? charts : failed));
  if (charts.length) {
    byId("overview").append(h("section", { class: "panel" },
      h("div", { class: "panel-head" }, h("h3", null, "How much motion, how clear a picture?"), shaking),
      h("p", { class: "remark" }, "A dot is a clip. Click it to open, drag a frame to filter."), scatterRoom));
    scatter(others.range, scatterRoom);
  }
}
