import { closeSync, constants, openSync, writeSync } from 'node:fs';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { startRtuServer, type RtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import type { SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import type { FaultTarget } from './soak-front.ts';
import type { UnitMood } from './soak-plan.ts';

const FORMAT = { baudRate: 19_200, parity: 'none', stopBits: 1 } as const;
const NOISE_MS = 25;

/** A real serial line (two pseudo-terminals) with devices at its far end, and what can go wrong with it. */
export async function startSerialLine(options: {
  units: ReadonlyMap<number, RegisterBank>;
  moods: readonly UnitMood[];
  random: SeededRandom;
}): Promise<FaultTarget & { readonly path: string }> {
  const { units, moods, random } = options;
  const pair = await openSerialPair();
  let fault = '';
  let noise: NodeJS.Timeout | undefined;
  let dueMs = 0;
  // Devices of a line answer in order, however late.
  const answerDelayMs = () => {
    const nowMs = performance.now();
    dueMs = Math.max(dueMs, nowMs + (fault === 'late' ? random.between(50, 800) : 2));
    return dueMs - nowMs;
  };
  const serve = () => startRtuServer({ at: { ...FORMAT, path: pair.far }, units, answerDelayMs });
  // socat ends with the last holder of a port; a line whose devices are mute is still there.
  const hold = () => openSync(pair.far, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  let held = hold();
  let server: RtuServer | undefined = await serve();
  const leave = async () => {
    await server?.close();
    server = undefined;
  };
  const setMoods = (answers: UnitMood['answers']) => {
    for (const mood of moods) mood.answers = answers;
  };
  return {
    name: 'serial line',
    path: pair.near,
    faults: ['unplugged', 'hanging', 'garbage', 'late', 'exceptions', 'refusing', 'one dead'],
    async begin(kind) {
      fault = kind;
      if (kind === 'unplugged') {
        await pair.unplug();
        closeSync(held);
        await leave();
      }
      if (kind === 'hanging' || kind === 'garbage') await leave();
      if (kind === 'garbage')
        noise = setInterval(() => {
          const bytes = Array.from({ length: random.whole(1, 30) }, () => random.whole(0, 255));
          writeSync(held, Buffer.from(bytes));
        }, NOISE_MS);
      if (kind === 'exceptions' || kind === 'refusing') setMoods(kind);
      const victim = moods[random.whole(0, moods.length - 1)];
      if (kind === 'one dead' && victim !== undefined) victim.answers = 'silent';
    },
    async end() {
      clearInterval(noise);
      if (fault === 'unplugged') {
        await pair.plugIn();
        held = hold();
      }
      fault = '';
      setMoods('well');
      server ??= await serve();
    },
    async close() {
      clearInterval(noise);
      await leave();
      if (fault !== 'unplugged') closeSync(held);
      await pair.close();
    },
  };
}
