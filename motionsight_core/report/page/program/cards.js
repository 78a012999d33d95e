// A card: one clip, or one failure, as a gallery shows it.

function strip(clip, pictures) {
  const frames = pictures?.sampled ?? [];
  if (!frames.length) {
    return catalog.frames === "none" ? null : h("p", { class: "no-strip" }, reasonOf(pictures));
  }
  const shape = Math.max(0.8, clip.width / clip.height);
  return h("div", { class: "strip", role: "img", style: { "--frames": frames.length, "--shape": shape },
    "aria-label": shown(`${clip.name}: ${plural(frames.length, "frame")}, ${clock(clip.start, clip.end)}`) },
    frames.map((frame) => jpeg(frame, { alt: "" })));
}

function badge(text, tone, title) {
  return h("span", { class: `badge ${tone ?? ""}`, title, dir: "auto" }, shown(text));
}

function badges(clip) {
  const fastest = pace(clip);
  return h("p", { class: "badges" },
    (clip.judged ?? []).map(([scorer, aspect, score]) => badge(`${aspect} text: ${score.toFixed(3)}`, "", `Score of the ${aspect} description, by ${scorer}`)),
    badge(clip.steadiness, `tone-${clip.steadiness}`, "How steady the camera is"),
    clip.speed ? badge(`camera ${number(clip.speed)} widths/s`) : null,
    clip.tracks.length ? badge(`${plural(clip.tracks.length, "object")}, up to ${number(fastest)} widths/s`) : null,
    clip.cuts.length ? badge(plural(clip.cuts.length, "cut")) : null,
    clip.dissolves.length ? badge(plural(clip.dissolves.length, "dissolve"), "", "Dissolves and fades") : null,
    doubts(clip).map((note) => badge(NOTES[note] ?? note, "warn")),
    recipes.size > 1 || clip.annotator !== "measured" ? badge(annotatorWord(clip.annotator), "", `Recipe ${clip.recipe}`) : null,
    clip.current ? null : badge("older recipe", "warn"));
}

function descriptions(clip) {
  return h("dl", { class: "descriptions" },
    h("dt", null, "Camera"), words("dd", null, clip.camera || "Not described."),
    h("dt", null, "Objects"), words("dd", null, clip.object || "Not described."));
}

function clipCard(clip) {
  return h("article", { class: "card", "data-clip": clip.key },
    h("header", null,
      h("h3", null, h("a", { href: addressOf({ ...state, clip: clip.key }), "data-open": clip.key }, named("bdi", null, clip.name))),
      h("span", { class: "length" }, seconds(clip.length))),
    strip(clip, picturesOf(clip)), timeline(clip), descriptions(clip), badges(clip));
}

function failureCard(failure) {
  return h("article", { class: "card failure", tabindex: "0" },
    h("header", null, h("h3", null, named("bdi", null, failure.name)), badge(failure.error, "bad")),
    words("p", { class: "why" }, failure.message),
    h("p", { class: "remark" }, `While it was to ${STAGES[failure.stage] ?? shown(failure.stage)}, ${day(failure.at)}`));
}

const STAGES = {
  __proto__: null,
  list: "be listed", plan: "be planned", decode: "be decoded", refer: "have its objects found",
  caption: "be described", stage: "be staged",
};
