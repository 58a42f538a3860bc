"use strict";
// Preloaded (NODE_OPTIONS=--require) into the Node process that jsii starts; see __init__.py.
//
// The index of @cdktf/provider-aws is 2,135 lines of `exports.x = require("./x")`, that of
// @cdktn/provider-aws 2,433. The jsii kernel requires that one file, and with it every module of
// the provider: seconds of compilation and some 450 MB, of which a stack uses a few dozen modules.
// Here the same names become getters that require their module on first use. Every other file takes
// the stock path through Node, and this one too if a single line of it is not understood.

const fs = require("node:fs");
const Module = require("node:module");
const threads = require("node:worker_threads");

const INDEX = /\/node_modules\/@cdkt[fn]\/provider-aws\/lib\/index\.js$/;
const EXPORT = /^exports\.(\w+) = (?:__importStar\()?require\("(\.\/[\w-]+(?:\/index)?)"\)\)?;$/;
const IGNORED = new RegExp(
  [
    '"use strict";',
    'Object\\.defineProperty\\(exports, "__esModule", \\{ value: true \\}\\);',
    "(?:exports\\.\\w+ = )+void 0;", // declares names that EXPORT lines then assign
    "//.*|/\\*\\*| \\* .*| \\*/", // comments
    // __importStar and what it needs, as TypeScript writes it: it passes its own modules through
    "var __\\w+ = \\(this && this\\.__\\w+\\) \\|\\| .+ \\{| {4}.*",
    "\\}\\)(?:\\(\\);|\\);|;| : \\(?function\\([\\w, ]+\\) \\{)",
    "",
  ]
    .map((line) => `^(?:${line})$`)
    .join("|"),
);

// With a new package cache jsii loads all 120 MB of the provider's type information, and has a
// worker write an index of it for the next run. It leaves without waiting for that worker, which
// goes unnoticed while a synth takes long enough; a fast one would never get to see an index.
const WORKERS_ENDED = "fast_synth.workers-ended";
const WORKER_LIMIT_MS = 60_000;
let workersStarted = 0;
if (threads.isMainThread) {
  threads.setEnvironmentData(WORKERS_ENDED, new Int32Array(new SharedArrayBuffer(4)));
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args);
      workersStarted += 1;
    }
  };
} else {
  // Preloaded in each worker, too.
  process.once("exit", () => {
    const ended = threads.getEnvironmentData(WORKERS_ENDED);
    Atomics.add(ended, 0, 1);
    Atomics.notify(ended, 0);
  });
}

const stock = Module._extensions[".js"];

Module._extensions[".js"] = function lazyIndex(module, filename) {
  if (!INDEX.test(filename)) return stock(module, filename);
  Module._extensions[".js"] = stock;
  const modules = readIndex(filename);
  report(modules ? "lazy" : "the provider's JavaScript index has another shape");
  if (!modules) return stock(module, filename);
  Object.defineProperty(module.exports, "__esModule", { value: true });
  for (const [name, request] of modules) defineLazily(module, name, request);
  waitForWorkers();
};

/** The names and modules the index exports, in its order; undefined if it does anything else. */
function readIndex(filename) {
  const modules = new Map();
  for (const line of fs.readFileSync(filename, "utf8").split("\n")) {
    const [, name, request] = EXPORT.exec(line) ?? [];
    if (name) modules.set(name, request);
    else if (!IGNORED.test(line)) return undefined;
  }
  return modules.size > 0 ? modules : undefined;
}

function defineLazily(module, name, request) {
  const property = { enumerable: true, configurable: true };
  Object.defineProperty(module.exports, name, {
    ...property,
    get() {
      const value = module.require(request);
      Object.defineProperty(module.exports, name, { ...property, value, writable: true });
      return value;
    },
  });
}

function waitForWorkers() {
  const ended = threads.getEnvironmentData(WORKERS_ENDED);
  const deadline = Date.now() + WORKER_LIMIT_MS;
  let count;
  while ((count = Atomics.load(ended, 0)) < workersStarted && Date.now() < deadline) {
    Atomics.wait(ended, 0, count, deadline - Date.now());
  }
}

/** Tell the Python side what became of the index, and clear the hook for our own children. */
function report(outcome) {
  try {
    fs.writeFileSync(process.env.FAST_SYNTH_REPORT, outcome);
  } catch {
    // Nobody listens: Python then takes the stock path as well.
  }
  delete process.env.FAST_SYNTH_REPORT;
  const options = process.env.NODE_OPTIONS?.replace(`--require ${__filename}`, "").trim();
  if (options) process.env.NODE_OPTIONS = options;
  else delete process.env.NODE_OPTIONS;
}
