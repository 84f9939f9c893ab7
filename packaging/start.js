#!/usr/bin/env node
// Starts the program of this machine's platform, with the same arguments, terminal and exit code.
const { spawnSync } = require("node:child_process");

const name = `supadeck-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/supadeck`);
} catch {
  console.error(`supadeck: there is no program for ${process.platform} on ${process.arch} (package ${name}).`);
  process.exit(70);
}
const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`supadeck: ${ended.error.message}`);
  process.exit(70);
}
if (ended.signal) {
  process.kill(process.pid, ended.signal);
}
process.exit(ended.status ?? 70);
