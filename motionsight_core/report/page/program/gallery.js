// The gallery: search, what is chosen, and the cards, page by page.

const PAGE = 24;
const compared = new Set(d3.groups(clips, (clip) => clip.clip).filter(([, rows]) => rows.length > 1).map(([clip]) => clip));

function toolbar() {
  const search = h("input", {
    type: "search", id: "search", placeholder: "Search names and descriptions", "aria-label": "Search names and descriptions",
    autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "/",
    oninput: (event) => choose({ q: event.target.value }, true),
  });
  const sort = h("select", { id: "sort", "aria-label": "Order", onchange: (event) => choose({ sort: event.target.value }) },
    Object.entries(ORDERS).map(([value, order]) => h("option", { value }, order.word)));
  return h("div", { id: "toolbar" },
    h("div", { class: "tools" }, h("label", { class: "search" }, search, h("kbd", { "aria-hidden": "true" }, "/")), sort,
      compared.size ? h("div", { class: "views", role: "group", "aria-label": "View" },
        ["clips", "compare"].map((view) => h("button", { type: "button", "data-view": view, onclick: () => choose({ view }) },
          view === "clips" ? "Clips" : `Compare ${plural(recipes.size, "recipe")}`))) : null,
      h("button", { type: "button", id: "link", onclick: copyLink }, "Copy link")),
    h("div", { class: "chosen", id: "chosen" }));
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    byId("link").textContent = "Copied";
  } catch {
    byId("link").textContent = "Copy it from the address bar";
  }
  say("The link reproduces what is chosen.");
  setTimeout(() => { byId("link").textContent = "Copy link"; }, 2500);
}

function chip(text, remove) {
  return h("button", { type: "button", class: "chip", onclick: remove, "aria-label": `Remove the filter ${shown(text)}` },
    h("bdi", null, shown(text)), h("span", { "aria-hidden": "true" }, "×"));
}

function chosenChips(found) {
  const some = found.filter((item) => item.kind === "clip").length;
  const failed = found.length - some;
  const of = state.allRows ? clips.length : current.length;
  const count = [`${COUNT.format(some)} of ${plural(of, state.allRows ? "row" : "clip")}`,
    failed ? plural(failed, "failure") : ""].filter(Boolean).join(", ");
  const chips = Object.entries(state.facets).flatMap(([facet, values]) =>
    [...values].map((value) => chip(FACETS[facet].name(value), () => toggle(facet, value))));
  if (state.q) chips.unshift(chip(`“${state.q}”`, () => choose({ q: "" })));
  if (state.range) {
    const { score, clarity } = state.range;
    chips.push(chip(`motion ${score.map((v) => number(v)).join(" to ")}, clarity ${clarity.map((v) => number(v)).join(" to ")}`, () => choose({ range: null })));
  }
  const older = clips.length > current.length ? h("label", { class: "check" }, h("input", {
    type: "checkbox", checked: state.allRows, onchange: (event) => choose({ allRows: event.target.checked }),
  }), `rows of older recipes (${COUNT.format(clips.length - current.length)})`) : null;
  return [h("strong", { id: "count", tabindex: -1 }, count), ...chips,
    isFiltered(state) ? h("button", { type: "button", class: "plain", id: "clear", onclick: clearAll }, "Clear all") : null, older].filter(Boolean);
}

function pager(found) {
  const pages = Math.ceil(found.length / PAGE);
  if (pages < 2) return null;
  const go = (page, text, name) => h("button", {
    type: "button", "aria-label": name, disabled: page < 1 || page > pages,
    onclick: () => { choose({ page }); byId("gallery").scrollIntoView(); byId("gallery").focus({ preventScroll: true }); },
  }, text);
  return h("nav", { class: "pager", "aria-label": "Pages" }, go(state.page - 1, "← Previous", "Previous page"),
    h("span", null, `Page ${COUNT.format(state.page)} of ${COUNT.format(pages)}`), go(state.page + 1, "Next →", "Next page"));
}

function gallery(found) {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  state.page = Math.min(state.page, pages);
  const here = found.slice((state.page - 1) * PAGE, state.page * PAGE);
  const cards = here.map((item) => (item.kind === "clip" ? clipCard(item) : failureCard(item)));
  return [
    cards.length ? h("div", { class: "cards" }, cards) : h("div", { class: "empty" },
      h("p", null, isFiltered(state) ? "Nothing meets all of these filters." : "There is nothing to show."),
      isFiltered(state) ? h("button", { type: "button", onclick: clearAll }, "Clear all filters") : null),
    pager(found),
  ].filter(Boolean);
}

// Arrow keys go from card to card; Enter opens, being on a link.
function walkCards(event) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: null, ArrowUp: null };
  if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
  const stops = [...byId("cards").querySelectorAll("h3 a, .failure")];
  const at = stops.indexOf(document.activeElement);
  if (at < 0) return;
  const left = (one) => Math.round(one.closest(".card").getBoundingClientRect().left);
  let to = at + (steps[event.key] ?? 0);
  if (steps[event.key] === null) {
    const way = event.key === "ArrowDown" ? 1 : -1;
    for (to = at + way; to >= 0 && to < stops.length && left(stops[to]) !== left(stops[at]);) to += way;
  }
  if (stops[to]) { event.preventDefault(); stops[to].focus(); }
}
