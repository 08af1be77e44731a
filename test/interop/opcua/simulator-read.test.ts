import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import { createLoadProfile } from '../../../protocols/simulator/load-profile.ts';
import { readMeter } from '../../../protocols/simulator/machine-meter.ts';
import type { MachineTruth } from '../../../protocols/simulator/machine-space.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from '../../../protocols/simulator/meter-nodes.ts';
import {
  startOpcuaMachine,
  type OpcuaMachine,
  type OpcuaMachineOptions,
} from '../../../protocols/simulator/opcua-machine.ts';
import { awaitUntil } from '../../protocols/mqtt/await-until.ts';
import { requireTool } from '../../support/tools.ts';
import { runForeignClient } from '../foreign-programs.ts';

const asyncua = requireTool('asyncua');
const USER = { name: 'energy', password: 'only-reads' };
const MODES = { Manual: 0, Automatic: 1, Setup: 2 } as const;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-simulator-'));
const load = createLoadProfile({ seed: 11, kind: 'machiningCentre', ratedPowerW: 20_000 });
const clock = new SteppedClock(momentOf(Date.UTC(2026, 10, 18, 8), 'processing'));
const truth: MachineTruth = {
  moment: () => load.momentAt(clock.wallMs()),
  measure: (component, quantity, phase) => readMeter(load, component, { quantity, phase }, clock.wallMs()),
};
const machines: OpcuaMachine[] = [];
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.close()));
  rmSync(folder, { recursive: true, force: true });
});

// Simulator and driver are ours both: what they have wrong alike only others can see.
describe.skipIf(asyncua === undefined)('our simulated machine tool read by asyncua', () => {
  it.each(['None', 'Basic256Sha256', 'Aes256_Sha256_RsaPss'])('values and words, %s', async (security) => {
    const machine = await serve({});
    const [told] = await read(machine, { security, nodes: meterNodes(), machine: 'mc1' });
    const { production, mode, warmUp, program, partCount } = truth.moment();
    expect(told).toEqual({
      values: METER_NODES.map(({ component, quantity, phase, factor }) => {
        const value = truth.measure(component, quantity, phase);
        return value === null ? 'BadNoData' : value / factor;
      }),
      machine: {
        type: 'MachineToolType',
        state: production,
        stateId: 138,
        program,
        mode: MODES[mode as keyof typeof MODES],
        warmUp,
        parts: partCount,
        manufacturer: 'millwatt simulator',
      },
    });
    expect(production).toBe('Running');
  });

  it('a state is told when it changes', async () => {
    const machine = await serve({});
    const reading = read(machine, { security: 'None', machine: 'mc1', until: 'Ended' });
    await awaitUntil('it is subscribed to', () => machine.subscriptionCount() === 1);
    const runningMs = clock.wallMs();
    clock.stepTo(momentOf(runningMs, 'ready'));
    const [, ...states] = await reading;
    expect(states.at(-1)).toBe('Ended');
    expect(machine.subscriptionCount()).toBe(0);
  });

  it('a login is asked for, and a wrong one refused', async () => {
    const machine = await serve({ user: USER });
    const security = 'Basic256Sha256';
    const nodes = meterNodes().slice(0, 1);
    expect(await read(machine, { security, user: USER, nodes })).toEqual([{ values: [expect.any(Number)] }]);
    const guess = { ...USER, password: 'a-guess' };
    expect(await read(machine, { security, user: guess })).toEqual([{ refused: expect.any(String) }]);
    expect(await read(machine, { security })).toEqual([{ refused: expect.any(String) }]);
  });
});

async function serve(over: Partial<OpcuaMachineOptions>): Promise<OpcuaMachine> {
  const pkiFolder = join(folder, `pki-${machines.length}`);
  const machine = await startOpcuaMachine({ name: 'mc1', port: 0, pkiFolder, ...over }, truth);
  machines.push(machine);
  return machine;
}

/** What the client printed, a JSON value a line. */
async function read(machine: OpcuaMachine, wanted: object): Promise<unknown[]> {
  const program = join(import.meta.dirname, 'asyncua', 'client.py');
  const argument = JSON.stringify({
    endpoint: machine.endpoint,
    folder: join(folder, 'client'),
    ...wanted,
  });
  const lines = await runForeignClient(asyncua ?? '', ['-B', program, argument], []);
  return lines.map((line): unknown => JSON.parse(line));
}

const meterNodes = () => METER_NODES.map(({ id }) => [SIMULATOR_NAMESPACE, id]);

/** The first moment in a state at or after a time, a second inside it. */
function momentOf(fromMs: number, state: string): number {
  let wallMs = fromMs;
  while (load.momentAt(wallMs).state !== state || load.momentAt(wallMs + 1000).state !== state)
    wallMs += 1000;
  return wallMs + 1000;
}
