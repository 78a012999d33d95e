// Elements of the page. What comes from the catalog goes in as text: there is no way in here for HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "style") {
      for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "value" || name === "checked" || name === "selected") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

function s(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function byId(id) {
  return document.getElementById(id);
}

// A text of unknown writing direction, kept from turning its neighbours round.
function words(tag, properties, text) {
  return h(tag, { dir: "auto", ...properties }, shown(text));
}

// The name of a file: a line of it ends behind a separator rather than in the middle of a word.
function named(tag, properties, name) {
  const parts = shown(name).split(/(?<=[_/.-])(?=[^_/.-])/);
  return h(tag, { dir: "auto", ...properties }, parts.map((part, index) => [index ? h("wbr") : null, part]));
}

function jpeg(base64, properties) {
  return h("img", { src: "data:image/jpeg;base64," + base64, decoding: "async", ...properties });
}

function say(text) {
  byId("said").textContent = text;
}
