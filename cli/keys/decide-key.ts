import type { KeyActBody } from '../../collector/journal/key-acts.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { openSite } from '../amend/amend-site.ts';
import { authorOf } from '../amend/author.ts';
import { confirm } from '../amend/confirm.ts';
import { printLines } from '../amend/amend-print.ts';
import { formatTime } from '../format.ts';
import { readZonedTime } from '../iso-time.ts';
import { openConfiguredJournal } from '../journal-access.ts';
import { findKey } from './find-key.ts';
import { readKeys, type KeyReport } from './read-keys.ts';

interface DecideOptions {
  config: string;
  by?: string;
  yes?: true;
  json?: true;
}

/** Clocks of a collector and of who types may differ by so much. */
const AHEAD_MS = 60_000;

/** `millwatt keys confirm AGENT FINGERPRINT`: a person compared the key with that of the gateway. */
export async function runKeysConfirm(
  agent: string,
  fingerprint: string,
  options: DecideOptions & { note?: string },
): Promise<void> {
  await decide(agent, fingerprint, options, {
    question: 'Does the gateway show the same fingerprint?',
    body: (found) => {
      requireOpen(found);
      return { v: 1, act: 'confirm', agent, key: found.key, note: options.note ?? '' };
    },
    say: ({ fingerprint: mark, standing, act }) => [
      `Key ${mark} of agent ${agent}.`,
      ...(standing === 'revoked'
        ? [
            `It was revoked by ${act?.by ?? 'somebody'}: "${act?.act === 'revoke' ? act.reason : ''}". That counts no more then: records under it are taken again.`,
          ]
        : []),
      'Compare it, digit by digit, with what `millwatt keys show` prints on the gateway itself.',
    ],
  });
}

/** `millwatt keys revoke AGENT FINGERPRINT`: from a time on nobody knows who seals under the key. */
export async function runKeysRevoke(
  agent: string,
  fingerprint: string,
  options: DecideOptions & { since: string; because: string },
): Promise<void> {
  const sinceMs = readSince(options.since);
  await decide(agent, fingerprint, options, {
    question: 'Revoke it?',
    body: ({ key, revokedMs }) => {
      if (revokedMs === sinceMs)
        throw new MillwattError('refuse', 'revoked-already', 'The key is revoked since then already.', {
          cure: 'Give another --since, or leave it as it is.',
        });
      return { v: 1, act: 'revoke', agent, key, sinceMs, reason: options.because };
    },
    say: ({ fingerprint: mark }) => [
      `Key ${mark} of agent ${agent} is revoked since ${formatTime(sinceMs)}.`,
      'What the collector took in before counts as before. What it took in since then is no evidence, and what still comes is refused and stays in the spool of the gateway, until it has a new key (millwatt keys rotate) and you confirm that.',
    ],
  });
}

async function decide(
  agent: string,
  fingerprint: string,
  options: DecideOptions,
  act: { question: string; body: (found: KeyReport) => KeyActBody; say: (found: KeyReport) => string[] },
): Promise<void> {
  const site = openSite(options.config);
  try {
    const journal = openConfiguredJournal(site.config, site.folder);
    try {
      const found = findKey(agent, fingerprint, readKeys(site.dataFolder, journal));
      const body = act.body(found);
      printLines(act.say(found), options);
      await confirm(act.question, options);
      const by = authorOf(options.by);
      const entry = journal.append({ atMs: Date.now(), kind: 'key', machine: null, by, body });
      const id = entryId(entry);
      const effect = (await site.isRunning())
        ? 'The collector runs: it counts within seconds.'
        : 'No collector answers here now: it counts from its next start.';
      const key = readKeys(site.dataFolder, journal).find(
        (one) => one.agent === agent && one.key === found.key,
      );
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: true, id, key, effect }, null, 2)}\n`);
      else printLines([`Entered as ${id}: the key is ${key?.standing} now. ${effect}`], options);
    } finally {
      journal.close();
    }
  } finally {
    site.close();
  }
}

function requireOpen({ standing, act, agent }: KeyReport): void {
  if (standing !== 'confirmed' || act === null) return;
  throw new MillwattError(
    'refuse',
    'confirmed-already',
    `The key of ${agent} was confirmed ${formatTime(act.atMs)} by ${act.by}.`,
    { cure: 'Nothing is left to be done.' },
  );
}

function readSince(text: string): number {
  const nowMs = Date.now();
  const sinceMs = text === 'now' ? nowMs : readZonedTime(text, '--since');
  if (typeof sinceMs !== 'number') throw usageError(sinceMs.fault, sinceMs.cure);
  if (sinceMs > nowMs + AHEAD_MS)
    throw usageError(`--since ${text} is not over yet.`, 'Give a time that is past, or: --since now');
  return sinceMs;
}
