// The page: what is chosen is shown, and what is done to the page becomes what is chosen.

function mark() {
  return s("svg", { class: "mark-of-us", viewBox: "0 0 32 32", "aria-hidden": "true" },
    s("circle", { cx: 20, cy: 16, r: 9 }), s("path", { d: "M2 10h9M0 16h8M2 22h9" }));
}

function head() {
  const folder = catalog.source.replace(/\/+$/, "");
  byId("head").replaceChildren(
    h("p", { class: "brand" }, mark(), "MotionSight report"),
    h("h1", null, named("bdi", null, folder.split("/").pop() || folder)),
    h("p", { class: "where" }, named("span", null, folder), h("span", null, `written ${day(catalog.written)}`),
      catalog.where ? h("span", null, "where ", words("code", null, catalog.where)) : null));
  byId("foot").replaceChildren(h("p", null, "Rows from ", words("code", null, catalog.warehouse),
    ". This file holds everything that it shows and asks nobody for anything. Directions are the camera's: pan right means that the picture drifts left."));
}

// While one filters by the charts, the cards are below the window: a button says how many there are, and goes there.
let cardsInSight = false;

function jump() {
  byId("jump").hidden = cardsInSight || !isFiltered(state);
}

let drawn = "";

// Draw what a state shows; a clip that is opened over it leaves the page below as it is.
function show(next) {
  state = next;
  const below = addressOf({ ...state, clip: "" });
  if (below !== drawn) draw();
  drawn = below;
  openEvidence(state.clip);
}

function draw() {
  const { found, others: byFacet } = filtered(state);
  const focused = document.activeElement?.dataset ?? {};
  overview(byFacet);
  if (byId("search").value !== state.q) byId("search").value = state.q;
  byId("sort").value = state.sort;
  for (const button of byId("toolbar").querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  }
  cards(found);
  const fromChip = byId("chosen").contains(document.activeElement);
  byId("chosen").replaceChildren(...chosenChips(found));
  if (fromChip) byId("count").focus({ preventScroll: true });
  if (drawn) say(byId("count").textContent);
  const few = d3.rollup(found, (items) => items.length, (item) => item.kind);
  byId("jump").textContent = `Show ${[few.has("clip") ? plural(few.get("clip"), "clip") : "", few.has("failure") ? plural(few.get("failure"), "failure") : ""].filter(Boolean).join(" and ") || "nothing"} ↓`;
  jump();
  if (focused.facet) {
    document.querySelector(`[data-facet="${focused.facet}"][data-value="${CSS.escape(focused.value)}"]`)?.focus({ preventScroll: true });
  }
  document.documentElement.dataset.ready = "";
}

function cards(found) {
  const comparing = state.view === "compare" && compared.size > 0;
  byId("cards").replaceChildren(...(comparing ? compare(found) : gallery(found)));
}

byId("gallery").replaceChildren(h("h2", { class: "unseen" }, "Clips"), toolbar(), h("div", { id: "cards" }));
byId("cards").addEventListener("keydown", walkCards);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-open]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    choose({ clip: link.dataset.open });
  }
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("gallery").scrollIntoView();
  byId("gallery").focus({ preventScroll: true });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !dialog.open && !event.target.closest("input, select, textarea")) {
    event.preventDefault();
    byId("search").focus();
  }
});
new IntersectionObserver(([seen]) => { cardsInSight = seen.isIntersecting; jump(); }, { rootMargin: "0px 0px -120px" }).observe(byId("cards"));
byId("jump").addEventListener("click", () => { byId("gallery").scrollIntoView(); byId("gallery").focus({ preventScroll: true }); });
addEventListener("popstate", () => show(readAddress()));
addEventListener("resize", () => { if (byId("overview").clientWidth && current.length && scatterWidth !== roomOfScatter()?.clientWidth) overview(filtered(state).others); });

function roomOfScatter() {
  return document.querySelector(".scatter-room");
}

head();
show(readAddress());
// The pictures stand behind this program, and are there when the page has been read to its end.
document.addEventListener("DOMContentLoaded", () => {
  if (catalog.frames !== "none") cards(filtered(state).found);
  opened = null;
  openEvidence(state.clip);
});
