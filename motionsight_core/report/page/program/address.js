// The address: everything that is chosen stands in the part after the #, so that a link shows the same.

const start = () => ({
  q: "", facets: Object.fromEntries(Object.keys(FACETS).map((name) => [name, new Set()])), range: null,
  allRows: false, sort: "name", page: 1, view: "clips", a: "", b: "", clip: "",
});

function readAddress() {
  const state = start();
  const given = new URLSearchParams(location.hash.slice(1));
  state.q = given.get("q") ?? "";
  for (const name in FACETS) state.facets[name] = new Set(given.getAll(name));
  const [score, clarity] = ["motion", "clarity"].map((name) => (given.get(name) ?? "").split("~").map(Number));
  if (score.length === 2 && clarity.length === 2 && [...score, ...clarity].every(Number.isFinite)) {
    state.range = { score, clarity };
  }
  // Where a report is about scores, the rows are those that it was written for, whichever recipe they are of.
  state.allRows = given.get("rows") === "all" || (!given.has("rows") && clips.some((clip) => clip.judged));
  state.sort = given.get("sort") in ORDERS ? given.get("sort") : "name";
  state.page = Math.max(1, Math.floor(Number(given.get("page"))) || 1);
  state.view = given.get("view") === "compare" ? "compare" : "clips";
  state.a = given.get("a") ?? "";
  state.b = given.get("b") ?? "";
  state.clip = given.get("clip") ?? "";
  return state;
}

function addressOf(state) {
  const given = new URLSearchParams();
  if (state.q) given.set("q", state.q);
  for (const [name, values] of Object.entries(state.facets)) for (const value of values) given.append(name, value);
  if (state.range) {
    given.set("motion", state.range.score.map((value) => number(value, 3)).join("~"));
    given.set("clarity", state.range.clarity.map((value) => number(value, 3)).join("~"));
  }
  if (state.allRows) given.set("rows", "all");
  if (state.sort !== "name") given.set("sort", state.sort);
  if (state.page > 1) given.set("page", state.page);
  if (state.view !== "clips") given.set("view", state.view);
  if (state.a) given.set("a", state.a);
  if (state.b) given.set("b", state.b);
  if (state.clip) given.set("clip", state.clip);
  return "#" + given;
}

let state = start();

// Change what is chosen. A step back in the browser undoes it, but for letters that are being typed.
function choose(change, typing = false) {
  const next = { ...state, ...change };
  if (!("page" in change) && !("clip" in change)) next.page = 1;
  history[typing ? "replaceState" : "pushState"](null, "", addressOf(next));
  show(next);
}

function toggle(facet, value) {
  const values = new Set(state.facets[facet]);
  if (!values.delete(value)) values.add(value);
  choose({ facets: { ...state.facets, [facet]: values } });
}

function isFiltered(given) {
  return Boolean(given.q || given.range || Object.values(given.facets).some((values) => values.size));
}

function clearAll() {
  choose({ q: "", facets: start().facets, range: null });
}
