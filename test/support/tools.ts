import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { test } from 'vitest';
import { LCA_PYTHON } from '../interop/lca/installed.ts';
import { ASYNCUA_PYTHON, MILO_CLASSES } from '../interop/opcua/installed.ts';

/** Programs that some tests need, with the command that brings each. */
const TOOLS = {
  mosquitto: { programs: ['mosquitto'], install: 'sudo apt-get install mosquitto' },
  mosquitto_passwd: { programs: ['mosquitto_passwd'], install: 'sudo apt-get install mosquitto' },
  influxd: { programs: ['influxd'], install: 'sudo apt-get install influxdb' },
  python3: { programs: ['python3'], install: 'sudo apt-get install python3' },
  socat: { programs: ['socat'], install: 'sudo apt-get install socat' },
  gcc: { programs: ['gcc', 'cc'], install: 'sudo apt-get install gcc' },
  strace: { programs: ['strace'], install: 'sudo apt-get install strace' },
  openssl: { programs: ['openssl'], install: 'sudo apt-get install openssl' },
  // A terminal for commands that draw on one.
  script: { programs: ['script'], install: 'sudo apt-get install bsdutils' },
  // Libraries are found by a file of theirs; they are Debian's, and so is the Python that sees pymodbus.
  libmodbus: { programs: ['/usr/include/modbus/modbus.h'], install: 'sudo apt-get install libmodbus-dev' },
  pymodbus: {
    programs: ['/usr/lib/python3/dist-packages/pymodbus/__init__.py'],
    install: 'sudo apt-get install python3-pymodbus',
  },
  java: { programs: ['java'], install: 'sudo apt-get install default-jdk-headless' },
  // Libraries that Debian does not have: a script of ours puts them below the user's cache.
  asyncua: {
    programs: [ASYNCUA_PYTHON],
    install: 'sudo apt-get install python3-venv && test/interop/opcua/install.sh asyncua',
  },
  milo: {
    programs: [MILO_CLASSES],
    install: 'sudo apt-get install default-jdk-headless maven && test/interop/opcua/install.sh milo',
  },
  lca: {
    programs: [LCA_PYTHON],
    install: 'sudo apt-get install python3-venv && test/interop/lca/install.sh',
  },
  chromium: {
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    install: 'sudo apt-get install chromium',
  },
} as const;

export type ToolName = keyof typeof TOOLS;

// Debian puts daemons where the PATH of an ordinary user does not look.
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The path of a program, or undefined when this machine does not have it. Says nothing. */
export function findTool(
  name: ToolName,
  env: Record<string, string | undefined> = process.env,
): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, ...EXTRA_FOLDERS]) {
    for (const program of TOOLS[name].programs) {
      if (isAbsolute(program)) {
        if (existsSync(program)) return program;
        continue;
      }
      const path = join(folder, program);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/**
 * The path of a program that the tests of this file need. Call it at the top of the file (while tests are collected)
 * and hand the result to `describe.skipIf(path === undefined)`. Where the program is missing, a skipped test is
 * registered whose name says what is missing and how to install it, and the same is printed; with
 * MILLWATT_REQUIRE_TOOLS=1 the file fails instead.
 */
export function requireTool(
  name: ToolName,
  env: Record<string, string | undefined> = process.env,
): string | undefined {
  const path = findTool(name, env);
  if (path !== undefined) return path;
  const message = missingToolMessage(name);
  if (env['MILLWATT_REQUIRE_TOOLS'] === '1') throw new Error(message);
  console.warn(`SKIPPED: ${message}`);
  test.skip(`SKIPPED: ${message}`, () => {});
  return undefined;
}

/** What a person must know when a program is missing: its name and the one command that installs it. */
export function missingToolMessage(name: ToolName): string {
  return `${name} is not installed; the tests that need it cannot run. Install it with: ${TOOLS[name].install}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
