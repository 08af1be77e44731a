import { expect, test } from 'vitest';
import { HOUR_BASES } from '../../collector/energy/use-phase/hour-basis.ts';
import type { UpstreamPart } from '../../collector/footprint/record/footprint-record.ts';
import { HOUR_BASIS_WORDS, UPSTREAM_STAGES } from '../../config/footprint-words.ts';

test('a file may say what the record knows: hours of a machine-hour, stages of declared parts', () => {
  expect([...HOUR_BASIS_WORDS]).toEqual([...HOUR_BASES]);
  // Both directions are the compiler's: a stage that one of the two lacks is an error of types.
  const stages: readonly UpstreamPart['stage'][] = UPSTREAM_STAGES;
  const known: Record<UpstreamPart['stage'], true> = Object.fromEntries(
    UPSTREAM_STAGES.map((stage) => [stage, true as const]),
  ) as Record<(typeof UPSTREAM_STAGES)[number], true>;
  expect(Object.keys(known)).toEqual([...stages]);
});
