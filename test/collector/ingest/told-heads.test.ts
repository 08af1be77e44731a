import { expect, it } from 'vitest';
import { withToldHeads } from '../../../collector/ingest/told-heads.ts';
import type { HealthMessage, StatusMessage } from '../../../protocols/telemetry/live.ts';

const EPOCH = 'aaaaaaaaaaaa';
const NOTHING = () => [];
const chain = { agent: 'gw-1', epoch: EPOCH, contiguousSeq: 7, headSeq: 10 };
const status = (seq: number, online = true): StatusMessage => ({
  v: 1,
  online,
  version: '',
  boot: '',
  epoch: EPOCH,
  seq,
});
/** Of a health message, only this is looked at. */
const health = (headSeq: number) =>
  ({ spool: { epoch: EPOCH, headSeq, records: { pending: 2 } } }) as HealthMessage;

it('a chain goes as far as its agent last said, and what is missing at its end is named', () => {
  const of = (seq: number, head?: number) =>
    withToldHeads(
      [chain],
      [{ agent: 'gw-1', status: status(seq), health: head === undefined ? undefined : health(head) }],
      NOTHING,
    );
  expect(of(9)).toEqual([{ ...chain, told: [] }]);
  expect(of(12)).toEqual([{ ...chain, headSeq: 12, told: [{ from: 11, to: 12 }] }]);
  expect(of(12, 15)).toMatchObject([{ headSeq: 15, pending: 2 }]);
});

it('a chain that the ledger does not know at all is asked for from its beginning', () => {
  expect(withToldHeads([], [{ agent: 'gw-1', status: status(3), health: undefined }], NOTHING)).toEqual([
    { agent: 'gw-1', epoch: EPOCH, contiguousSeq: 0, headSeq: 3, told: [{ from: 1, to: 3 }] },
  ]);
});

it('what the agent said will never come at the end of a chain is not asked for', () => {
  const state = { agent: 'gw-1', status: status(14), health: undefined };
  const told = (from: number, to: number, known = [chain]) =>
    withToldHeads(known, [state], () => [{ from, to, fate: 'dropped' }]);
  expect(told(11, 12)).toMatchObject([{ contiguousSeq: 7, headSeq: 14, told: [{ from: 13, to: 14 }] }]);
  expect(told(11, 14)).toMatchObject([{ contiguousSeq: 7, headSeq: 14, told: [] }]);
  // Nothing is missing of it any more.
  const whole = { contiguousSeq: 14, headSeq: 14, told: [] };
  expect(told(11, 20, [{ ...chain, contiguousSeq: 10 }])).toMatchObject([whole]);
  expect(told(1, 14, [])).toMatchObject([whole]);
});

it('nobody who is gone is asked, and nothing that is no epoch', () => {
  expect(
    withToldHeads([], [{ agent: 'gw-1', status: status(3, false), health: health(4) }], NOTHING),
  ).toEqual([]);
  expect(
    withToldHeads([], [{ agent: 'gw-1', status: { ...status(3), epoch: '' }, health: undefined }], NOTHING),
  ).toEqual([]);
});

it.each(['no epoch', 'aaaaaaaaaaaa/x', 'AAAAAAAAAAAA', '', 'a'.repeat(200)])(
  'an epoch that no receipt can name is not asked for: %j',
  (epoch) => {
    const told = { spool: { epoch, headSeq: 3, records: { pending: 0 } } } as HealthMessage;
    expect(withToldHeads([], [{ agent: 'gw-1', status: undefined, health: told }], NOTHING)).toEqual([]);
  },
);
