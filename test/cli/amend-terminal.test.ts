import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../collector/journal/sqlite-journal.ts';
import { loadKeyFile } from '../../protocols/evidence/key-file.ts';
import { makeFolder, writeCollectorFile } from '../e2e/fault-rig.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';

const python = requireTool('python3');
const MAIN = join(import.meta.dirname, '../../cli/millwatt.ts');

/** Runs a command on a terminal of its own, and types an answer (bytes in hex) when it is asked. */
const ON_A_TERMINAL = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said, answered = b'', False
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    said += more
    if not answered and b'[y/N]' in said:
        answered = True
        os.write(terminal, bytes.fromhex(sys.argv[1]))
sys.stdout.buffer.write(said)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

async function answer(folder: string, typed: string): Promise<{ code: number | null; output: string }> {
  const command = [
    'amend',
    'direction',
    'mill-1',
    '--from',
    '2026-03-02T00:00:00Z',
    '--reason',
    'k and l exchanged',
  ];
  const child = spawn(
    python ?? '',
    [
      '-c',
      ON_A_TERMINAL,
      Buffer.from(typed).toString('hex'),
      process.execPath,
      MAIN,
      ...command,
      '-c',
      'collector.yaml',
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe.skipIf(python === undefined)('millwatt amend on a terminal', () => {
  it('asks, and enters nothing unless the answer is yes', async () => {
    const folder = makeFolder();
    writeCollectorFile(folder, { broker: '{ embedded: {} }', httpPort: await findFreePort() });
    const dataFolder = join(folder, 'collector');
    mkdirSync(dataFolder);
    const { publicKey } = loadKeyFile(join(dataFolder, 'collector-key.pem'), '');
    const lastSeq = () => {
      const reader = readJournal({ folder: dataFolder, publicKey });
      const seq = reader.lastSeq();
      reader.close();
      return seq;
    };
    const CTRL_C = '\u0003';
    const CTRL_D = '\u0004';
    for (const no of ['n\n', '\n', 'yes please\n', CTRL_C, CTRL_D]) {
      const { code, output } = await answer(folder, no);
      expect([code, output], JSON.stringify(no)).toEqual([
        1,
        expect.stringMatching(/turned round[^]*Enter this amendment\?[^]*Nothing was entered\.\s*$/),
      ]);
    }
    expect(lastSeq()).toBe(0);
    const yes = await answer(folder, 'Y\n');
    expect([yes.code, yes.output]).toEqual([0, expect.stringMatching(/Entered as [0-9a-f]{12}/)]);
    expect(lastSeq()).toBe(1);
  }, 60_000);
});
