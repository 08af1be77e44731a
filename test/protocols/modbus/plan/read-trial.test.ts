import { describe, expect, it } from 'vitest';
import type { PlannedRead, WantedRegisters } from '../../../../protocols/modbus/plan/read-plan.ts';
import { ReadTrial } from '../../../../protocols/modbus/plan/read-trial.ts';

const values = (...addresses: number[]): WantedRegisters[] =>
  addresses.map((address) => ({ functionCode: 3, address, count: 2 }));
const cover = (wanted: readonly WantedRegisters[]): PlannedRead<WantedRegisters> => {
  const address = Math.min(...wanted.map((value) => value.address));
  const end = Math.max(...wanted.map((value) => value.address + value.count));
  return { functionCode: 3, address, count: end - address, wanted: [...wanted] };
};
const begin = (...addresses: number[]) => new ReadTrial(cover(values(...addresses)), cover);
const shapes = (reads: readonly WantedRegisters[]) =>
  reads.map(({ address, count }) => `${address}+${count}`);
/** The leaf for these registers. */
const leaf = (trial: ReadTrial<WantedRegisters>, shape: string) => {
  const found = trial.leaves().find(({ read }) => `${read.address}+${read.count}` === shape);
  if (found === undefined) throw new Error(`${shape} is no leaf`);
  return found.read;
};
const leaves = (trial: ReadTrial<WantedRegisters>) => shapes(trial.leaves().map(({ read }) => read));

describe('the trial of a refused request', () => {
  it('cuts at the widest hole, then asks over the hole alone', () => {
    const trial = begin(0, 2, 4, 10);
    expect(leaves(trial)).toEqual(['0+6', '10+2']);
    trial.answered(leaf(trial, '0+6'));
    trial.answered(leaf(trial, '10+2'));
    expect(trial.isSettled).toBe(false);
    trial.refused(leaf(trial, '4+8'));
    expect(trial.isSettled).toBe(true);
    expect(shapes(trial.lessons)).toEqual(['4+8']);
    expect(trial.unexplained).toEqual([]);
    expect(leaves(trial)).toEqual(['0+6', '10+2']);
  });

  it('cuts at the widest hole wherever it is, and after that so that neither part is small', () => {
    const addresses = [0, ...Array.from({ length: 15 }, (_, i) => 10 + 2 * i)];
    expect(leaves(begin(...addresses))).toEqual(['0+2', '10+30']);
    // Holes that shrink all the way: cut at the widest each time, it would take ninety refusals.
    let address = 0;
    const shrinking = Array.from({ length: 100 }, (_, i) => (address += 110 - i));
    const trial = begin(...shrinking);
    let refusals = 0;
    for (let next = trial.leaves(); !trial.isSettled; next = trial.leaves())
      for (const { read, isAnswered } of next) {
        if (isAnswered) continue;
        if (read.address + read.count <= address) trial.answered(read);
        else {
          trial.refused(read);
          refusals++;
        }
      }
    expect(shapes(trial.lessons)).toEqual([`${address}+2`]);
    expect(refusals).toBeLessThanOrEqual(18);
  });

  it('learns the hole of two values without asking for it again', () => {
    const trial = begin(0, 10);
    trial.answered(leaf(trial, '0+2'));
    trial.answered(leaf(trial, '10+2'));
    expect(trial.isSettled).toBe(true);
    expect(shapes(trial.lessons)).toEqual(['0+12']);
  });

  it('goes down to a single value', () => {
    const trial = begin(0, 2, 4, 6);
    trial.refused(leaf(trial, '0+4'));
    trial.answered(leaf(trial, '0+2'));
    trial.refused(leaf(trial, '2+2'));
    trial.answered(leaf(trial, '4+4'));
    expect(shapes(trial.lessons)).toEqual(['2+2']);
    expect(leaves(trial)).toEqual(['0+2', '4+4']);
    expect(trial.isSettled).toBe(true);
  });

  it('finds no reason where the hole alone is answered too', () => {
    const trial = begin(0, 2, 4, 10);
    for (const shape of ['0+6', '10+2', '4+8']) trial.answered(leaf(trial, shape));
    expect(trial.isSettled).toBe(true);
    expect(trial.lessons).toEqual([]);
    expect(
      trial.unexplained.map(({ refused, answeredRegisters }) => [refused.count, answeredRegisters]),
    ).toEqual([[12, 6]]);
  });

  it('does not ask over a hole any more once a half is refused after all', () => {
    const trial = begin(0, 2, 4, 10);
    trial.answered(leaf(trial, '0+6'));
    trial.answered(leaf(trial, '10+2'));
    trial.refused(leaf(trial, '0+6'));
    expect(leaves(trial)).not.toContain('4+8');
    expect(trial.isSettled).toBe(false);
  });

  it('asks only once for values that no request can part', () => {
    const block = (wanted: readonly WantedRegisters[]) => ({ ...cover(wanted), address: 0, count: 20 });
    const trial = new ReadTrial(block(values(0, 4, 8)), block);
    expect(leaves(trial)).toEqual([]);
    expect(trial.isSettled).toBe(true);
    expect(shapes(trial.lessons)).toEqual(['0+20']);
  });

  it('knows its own requests and minds no others', () => {
    const trial = begin(0, 10);
    const other = cover(values(0));
    expect([trial.holds(other), trial.holds(leaf(trial, '0+2'))]).toEqual([false, true]);
    trial.refused(other);
    trial.answered(other);
    expect(leaves(trial)).toEqual(['0+2', '10+2']);
  });
});
