// The verifier engine of the page, loaded into node as the page loads it: its files one behind the other, in one closure.

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const PAGE = path.join(__dirname, "..", "..", "ledger", "dossier", "page");

// `names`: what to hand out; `globals`: what takes the place of what a browser has.
function loadEngine(names, globals = {}) {
  const files = fs.readFileSync(path.join(PAGE, "engine.txt"), "utf8").split("\n").filter(Boolean);
  const source = files.map((file) => fs.readFileSync(path.join(PAGE, file), "utf8")).join("\n");
  const given = Object.keys(globals), body = `"use strict";\n${source}\nreturn { ${names.join(", ")} };`;
  const make = vm.runInThisContext(`(function (${given.join(", ")}) { ${body}\n})`, { filename: "engine.js" });
  return make(...given.map((name) => globals[name]));
}

module.exports = { loadEngine };
