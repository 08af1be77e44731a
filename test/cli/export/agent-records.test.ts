import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { BenchMachine } from '../../../bench/derive-machine.ts';
import { recordsOfAgents } from '../../../cli/export/agent-records.ts';
import { readLedger } from '../../../collector/ledger/read-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { Bench } from '../../collector/derivation/derivation-bench.ts';
import { MACHINE, PlantFeed, shiftOf } from '../../collector/derivation/plant-feed.ts';

test('hands on the records of the agents that served a machine, by whatever pieces, and no other', async () => {
  const bench = await Bench.open();
  const machine = new BenchMachine();
  const shift = shiftOf(new PlantFeed(), 3);
  // Two machines of two agents, by turns, and then a long stretch of the other one's.
  const records = shift.flatMap((record, at) => [
    at === 0 ? machine.config() : machine.seal(at * 10, at * 10 + 10, false).record,
    record,
  ]);
  for (let second = 1000; second < 2500; second += 5)
    records.push(machine.seal(second, second + 5, false).record);
  await bench.append(...records);
  const ledger = readLedger({ folder: join(bench.folder, 'ledger'), log: silentLog });
  onTestFinished(() => ledger.close());
  const all = ledger.readAfter(0, 10_000);
  for (const [name, agent] of [
    [MACHINE, 'gw-1'],
    ['m', 'gw'],
  ] as const) {
    const agents = ledger.agentsOf(name)!;
    expect([...agents]).toEqual([agent]);
    const own = all.filter(({ header }) => header.agent === agent);
    expect(own.length).toBeGreaterThan(30);
    const some = recordsOfAgents(ledger, agents);
    for (const limit of [1, 7, 256]) {
      const read = [];
      for (let after = 0; ;) {
        const piece = some.readAfter(after, limit);
        expect(piece.length).toBeLessThanOrEqual(limit);
        read.push(...piece);
        const last = piece.at(-1);
        if (last === undefined) break;
        after = last.ordinal;
      }
      expect(read).toEqual(own);
    }
  }
  expect(ledger.agentsOf('nobody')!.size).toBe(0);
}, 30_000);
