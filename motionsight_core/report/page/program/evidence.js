// The evidence for one clip, over the gallery.

const dialog = byId("evidence");
let opened = null;
let turns = 0;
let shownFrames = null;

function fact(name, value) {
  return value === null || value === undefined || value === "" ? [] : [h("dt", null, name), words("dd", null, value)];
}

function facts(clip) {
  return h("dl", { class: "facts" },
    [h("dt", null, "Video"), named("dd", null, clip.uri)], fact("Span", `${clock(clip.start, clip.end)} of the video`),
    fact("Picture", `${clip.width} × ${clip.height}, ${number(clip.fps, 4)} frames a second, ${clip.codec}`),
    fact("Motion", `${number(clip.score)} frame widths a second`), fact("Clarity", `${number(clip.clarity)} (0 blurred, 1 sharp)`),
    fact(clip.annotator === "measured" ? "Recognised" : "Looked for", clip.names.join(", ")),
    clip.agreement === null ? [] : fact("Text and measurement", `agree on ${percent(clip.agreement)} of the camera's moves`),
    fact("Annotated by", `${annotatorWord(clip.annotator)}, ${day(clip.at)}`), fact("Recipe", clip.recipe), fact("Clip", clip.clip));
}

function others(clip) {
  const rows = clips.filter((one) => one.clip === clip.clip && one !== clip);
  return rows.length ? h("p", { class: "others" }, "Also annotated by ",
    rows.map((one, index) => [index ? ", " : "", h("a", { href: addressOf({ ...state, clip: one.key }), "data-open": one.key },
      h("bdi", null, `${annotatorWord(one.annotator)} (${one.recipe.slice(0, 6)})`))])) : null;
}

// What single objects look like and do, where captions of them were written and found right.
function captions(clip) {
  const told = clip.tracks.filter((track) => track.told);
  return told.length ? h("section", { class: "objects" }, h("h3", null, "Single objects"), h("ul", null, told.map((track) =>
    h("li", null, words("b", null, `${track.label || "object"} ${track.id}`), " ", words("span", null, track.told))))) : null;
}

function evidence(clip, row) {
  const pictures = picturesOf(clip);
  const path = cameraPath(clip, pictures);
  shownFrames = frames(clip, row, pictures, path.point);
  const step = (way, text, name) => h("button", { type: "button", class: "icon", "aria-label": name, title: name, onclick: () => walkClips(way) }, text);
  dialog.replaceChildren(
    h("header", null, named("h2", { id: "evidence-name", tabindex: -1, autofocus: true }, clip.name), badges(clip),
      h("div", { class: "walk" }, step(-1, "←", "Previous clip (left arrow)"), step(1, "→", "Next clip (right arrow)"),
        h("button", { type: "button", class: "icon", id: "close", "aria-label": "Close (Escape)", title: "Close (Escape)", onclick: closeEvidence }, "×"))),
    h("div", { class: "evidence" },
      h("div", { class: "seen" }, shownFrames, timeline(clip)),
      h("div", { class: "told" }, descriptions(clip), captions(clip), others(clip), path, facts(clip),
        clip.annotator !== "measured" && row ? dialogue(row.dialogue ?? []) : null,
        h("details", { ontoggle: (event) => showRow(event.target, row) }, h("summary", null, "The row as JSON"), h("pre", { tabindex: "0" })))),
    h("p", { class: "keys", "aria-hidden": "true" }, h("kbd", null, "←"), h("kbd", null, "→"), " clips ", pictures?.sampled ? [h("kbd", null, ","), h("kbd", null, "."), " frames ",
      h("kbd", null, "1"), h("kbd", null, "2"), h("kbd", null, "3"), " sampled, spotlit, blurred "] : null, h("kbd", null, "Esc"), " close"));
  shownFrames.begin?.();
}

const ABOUT = { __proto__: null, names: "What acts?", object: "How do the objects move?", camera: "How does the camera move?",
  category: "What is this object?", appearance: "What does it look like?", motion: "What does it do?", check: "Which object is described?" };

// What the model was asked and what it replied, word for word; a question ends with what it asks for.
function dialogue(turns) {
  if (!turns.length) {
    return h("p", { class: "remark" }, "The questions put to the model and its replies were not kept: runtime.keep_dialogue keeps them, in rows written from then on.");
  }
  return h("section", { class: "dialogue" }, h("h3", null, "What the model was asked"), turns.map((turn) =>
    h("div", null, h("details", null, h("summary", null, ABOUT[turn.about] ?? shown(turn.about)), words("pre", { tabindex: "0" }, turn.question)),
      words("blockquote", null, turn.reply || "(nothing)"))));
}

function showRow(details, row) {
  if (!details.open) return;
  // Bidirectional marks and the like become JSON's own escapes, so the text stays JSON.
  details.querySelector("pre").textContent = row ? JSON.stringify(row, null, 1).replace(UNSEEN, (c) => shown(c))
    : "This browser cannot unpack the rows; those of 2023 and later can.";
}

async function openEvidence(key) {
  const clip = clipByKey.get(key);
  const turn = ++turns;
  shownFrames?.stop?.();
  if (!clip) {
    opened = null;
    if (dialog.open) dialog.close();
    return;
  }
  const row = opened === key ? null : await rowOf(clip);
  if (turn !== turns) return; // While the row was unpacked, something else was asked for.
  if (opened !== key) { opened = key; evidence(clip, row); dialog.dataset.clip = key; dialog.scrollTop = 0; }
  // What had the focus is gone with the clip before: its place is taken by the name of this one.
  if (!dialog.open) dialog.showModal(); else byId("evidence-name").focus({ preventScroll: true });
}

function walkClips(way) {
  const list = filtered(state).found.filter((item) => item.kind === "clip");
  const at = list.findIndex((item) => item.key === state.clip);
  const next = list[at + way];
  if (next) {
    choose({ clip: next.key, page: Math.floor((at + way) / PAGE) + 1 });
    say(shown(next.name));
  }
}

function closeEvidence() {
  const key = state.clip;
  choose({ clip: "" });
  document.querySelector(`[data-open="${CSS.escape(key)}"]`)?.focus();
}

dialog.addEventListener("cancel", (event) => { event.preventDefault(); closeEvidence(); });
// A browser may close it without asking.
dialog.addEventListener("close", () => { if (state.clip) closeEvidence(); });
dialog.addEventListener("click", (event) => { if (event.target === dialog) closeEvidence(); });
dialog.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, pre")) return;
  const keys = {
    ArrowLeft: () => walkClips(-1), ArrowRight: () => walkClips(1), ",": () => shownFrames.step?.(-1), ".": () => shownFrames.step?.(1),
    1: () => shownFrames.form?.(0), 2: () => shownFrames.form?.(1), 3: () => shownFrames.form?.(2),
  };
  if (event.key in keys) { event.preventDefault(); keys[event.key](); }
});
