import { expect, test } from 'vitest';
import { MachineModels } from '../../../collector/derivation/machine-models.ts';
import { methodOf, outdatedFromMs } from '../../../collector/derivation/method.ts';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { FakeBook } from './derivation-bench.ts';

const excluded = (id: string, fromMs: number): Amendment => ({
  id,
  machine: 'm',
  component: 'supply',
  fromMs,
  toMs: null,
  kind: 'exclude',
});
const by = (...amendments: Amendment[]) => methodOf({ ...unconfiguredMachine('m'), amendments });
const [a, b, c] = [excluded('a', 100), excluded('b', 200), excluded('c', 300)];

test('hours hold up to the first amendment that was entered or revoked', () => {
  expect(outdatedFromMs(by(a, b), by(a, b))).toBe(Infinity);
  expect(outdatedFromMs(by(a), by(a, c))).toBe(300);
  expect(outdatedFromMs(by(a, b, c), by(a, c))).toBe(200);
  expect(outdatedFromMs(by(), by(c, b))).toBe(200);
  // Entered anew with another begin: from the earlier of both.
  expect(outdatedFromMs(by(c), by({ ...c, fromMs: 150 }))).toBe(150);
});

test('the order of two amendments counts, and a changed machine holds nothing', () => {
  expect(outdatedFromMs(by(b, c), by(c, b))).toBe(200);
  expect(outdatedFromMs(by(a, b, c), by(a, c, b))).toBe(100);
  const rated = methodOf({ ...unconfiguredMachine('m'), ratedPowerW: watts(5) });
  expect(outdatedFromMs(by(), rated)).toBe(-Infinity);
  expect(outdatedFromMs(undefined, by())).toBe(-Infinity);
});

test('models stay as they are until somebody asks for what was decided since', () => {
  const book = new FakeBook();
  const models = new MachineModels([{ ...unconfiguredMachine('m'), ratedPowerW: watts(5) }], book);
  models.refresh();
  expect(models.isStale).toBe(false);
  expect(models.of('m')).toMatchObject({ ratedPowerW: 5, amendments: [] });
  book.enter(a);
  expect(models.isStale).toBe(true);
  expect(models.of('m').amendments).toEqual([]);
  models.refresh();
  expect(models.of('m')).toMatchObject({ ratedPowerW: 5, amendments: [a] });
  // Nobody configured it: its readings may be amended all the same.
  expect(models.of('other')).toMatchObject({ machine: 'other', ratedPowerW: null, amendments: [] });
  expect(new MachineModels([], undefined).of('m').amendments).toEqual([]);
});
