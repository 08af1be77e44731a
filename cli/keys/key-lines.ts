import { formatTime } from '../format.ts';
import { explainLeftOut, renderTable, type TextColumn } from '../text-table.ts';
import type { KeyReport } from './read-keys.ts';

const COLUMNS: readonly TextColumn[] = [
  { title: 'agent' },
  { title: 'fingerprint' },
  { title: 'standing' },
  { title: 'since', spare: 4 },
  { title: 'epoch: records', spare: 3, wrap: 22 },
  { title: 'decided by', spare: 2 },
  { title: 'because', spare: 1, wrap: 16 },
];

const MEANINGS = {
  seen: 'the first one that its agent used here; nobody compared it',
  confirmed: 'a person compared it with the gateway',
  rotated: 'an earlier key of its agent signed that this one takes its place',
  other: 'not the one its agent used before, and nobody compared it: its records are no evidence',
  revoked: 'what comes under it is refused, and what came since then is no evidence',
} as const;

/** All keys as a table, what their standings mean, and what can be done about them. */
export function drawKeys(keys: readonly KeyReport[], width: number): string[] {
  if (keys.length === 0) return ['No agent has delivered a record yet.'];
  const rows = keys.map((one) => [
    one.agent,
    one.fingerprint,
    one.standing,
    sinceOf(one),
    one.chains
      .map(({ epoch, to, records }) => `${epoch}: 1-${to}${records < to ? ` (${records})` : ''}`)
      .join(', '),
    one.act?.by ?? '',
    one.act === null ? '' : one.act.act === 'revoke' ? one.act.reason : one.act.note,
  ]);
  const standings = [...new Set(keys.map(({ standing }) => standing))];
  return [
    ...renderTable(COLUMNS, rows, width),
    ...explainLeftOut(COLUMNS, rows, width),
    '',
    ...standings.map((standing) => `${standing}: ${MEANINGS[standing]}.`),
    ...keys.flatMap((one) => sayNext(one, keys)),
  ];
}

/** Since when a key has its standing. */
export function sinceOf({ act, revokedMs, firstMs }: KeyReport): string {
  const sinceMs = revokedMs ?? act?.atMs ?? firstMs;
  return sinceMs === null ? '' : formatTime(sinceMs);
}

/** What is left to be compared: every strange key; else the newest of an agent of which none was. */
function sayNext({ agent, fingerprint, standing }: KeyReport, keys: readonly KeyReport[]): string[] {
  const own = keys.filter(
    (one) => one.agent === agent && ['seen', 'confirmed', 'rotated'].includes(one.standing),
  );
  // One that handed over is not on the gateway any more.
  const isNewest =
    own.at(-1)?.fingerprint === fingerprint && own.every((one) => one.standing !== 'confirmed');
  if (standing !== 'other' && !isNewest) return [];
  return [
    `Compare with \`millwatt keys show\` on the gateway of ${agent}, then: millwatt keys confirm ${agent} ${fingerprint}`,
  ];
}
