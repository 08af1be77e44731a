import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool, missingToolMessage } from './tools.ts';

/** Two serial ports that are wired to each other. */
export interface SerialPair {
  /** Paths of the two ports; they stay the same when the pair is plugged in again. */
  near: string;
  far: string;
  /** Ends the wire as a pulled plug does: both ports are gone. */
  unplug(): Promise<void>;
  /** Makes the ports anew under the same paths. */
  plugIn(): Promise<void>;
  /** Ends the wire and removes its folder. */
  close(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;

/** Opens a wire (socat) between two pseudo-terminals, which take every baud rate and parity; resolves when both can be opened. */
export async function openSerialPair(): Promise<SerialPair> {
  const program = findTool('socat');
  if (program === undefined) throw new Error(missingToolMessage('socat'));
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-serial-'));
  const near = join(folder, 'near');
  const far = join(folder, 'far');
  let end = await launch(program, near, far);
  const unplug = () => end();
  return {
    near,
    far,
    unplug,
    plugIn: async () => {
      await end();
      end = await launch(program, near, far);
    },
    close: async () => {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, near: string, far: string): Promise<() => Promise<void>> {
  const child = spawn(program, [`pty,raw,echo=0,link=${near}`, `pty,raw,echo=0,link=${far}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-10_000);
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let hasEnded = false;
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      hasEnded = true;
      resolve();
    });
    child.once('exit', () => {
      hasEnded = true;
      process.removeListener('exit', killWithUs);
      resolve();
    });
  });
  const deadlineMs = Date.now() + START_DEADLINE_MS;
  // A link of socat is there before what it points to is ready, and stays when socat is killed.
  while (!(existsSync(near) && existsSync(far))) {
    if (hasEnded || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`socat did not start: ${output.trim()}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  return async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(near, { force: true });
    rmSync(far, { force: true });
  };
}
