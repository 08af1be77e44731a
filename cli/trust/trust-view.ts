import { sayCommand } from '../../protocols/opcua/say-command.ts';
import { shortThumbprint, type CertificateFacts } from '../../protocols/opcua/trust/certificate-facts.ts';
import { gaveWay } from '../../protocols/opcua/trust/later-trust.ts';
import type { Decision, Standing, TrustEntry } from '../../protocols/opcua/trust/trust-decisions.ts';
import { explainLeftOut, renderTable, type TextColumn } from '../text-table.ts';

const STANDINGS: Readonly<Record<Standing, string>> = {
  server: 'trusted server',
  authority: 'trusted authority',
  issuer: 'known issuer',
  rejected: 'rejected',
};

const COLUMNS: readonly TextColumn[] = [
  { title: 'standing' },
  { title: 'thumbprint' },
  { title: 'of' },
  { title: 'valid until' },
  { title: 'source', spare: 3 },
  { title: 'endpoint', spare: 2 },
  { title: 'SHA-1', spare: 1 },
];

/** All certificates as a table, and what can be done about the rejected ones. */
export function drawTrust(
  entries: readonly TrustEntry[],
  { folder, config, width }: { folder: string; config: string; width: number },
): string[] {
  if (entries.length === 0)
    return [
      `No server has shown a certificate yet, and none is trusted (${folder}).`,
      'An agent keeps what it turns away here: run it, or millwatt probe, then look again.',
    ];
  const rows = entries.map((entry) => [
    STANDINGS[entry.standing],
    shortThumbprint(entry.thumbprint),
    entry.name,
    day(entry.validToMs),
    [...new Set(entry.note.shown.map(({ source }) => source))].join(', '),
    [...new Set(entry.note.shown.map(({ endpoint }) => endpoint))].join(', '),
    entry.sha1,
  ]);
  const rejected = entries.filter(({ standing }) => standing === 'rejected');
  return [
    ...renderTable(COLUMNS, rows, width),
    ...explainLeftOut(COLUMNS, rows, width),
    ...(rejected.length === 0 ? [] : ['']),
    ...rejected.flatMap((entry) => explainRejected(entry, entries, { folder, config })),
  ];
}

/** What was done with a certificate, and what follows. */
export function sayDecision({ entry, changed }: Decision, what: 'add' | 'remove'): string[] {
  const whose = `${entry.name} (${shortThumbprint(entry.thumbprint)})`;
  if (!changed)
    return [
      what === 'add'
        ? `${whose} was trusted already, as a ${STANDINGS[entry.standing].replace('trusted ', '')}.`
        : `${whose} was not trusted, and is not kept any longer.`,
    ];
  if (what === 'remove')
    return [
      `${whose} is not trusted any more: a running agent refuses it at its next connection. Restart the agent to end the one it has.`,
    ];
  const { approved } = entry.note;
  const where = approved.length === 0 ? '' : ` for ${approved.join(', ')}`;
  const lines = [
    `${whose} is now a ${STANDINGS[entry.standing]}${where}. SHA-256 ${entry.thumbprint}, SHA-1 ${entry.sha1}.`,
  ];
  if (entry.standing === 'authority')
    lines.push(
      'Every server whose certificate it signed is let in, at the addresses that its certificate names.',
    );
  if (entry.validToMs < Date.now())
    lines.push(`It ran out on ${day(entry.validToMs)}: the control needs a new one.`);
  else if (entry.standing !== 'issuer')
    lines.push('A running agent takes it at its next attempt to connect.');
  return lines;
}

/** What the operator does with the agent's own certificate. */
export function sayOwn(
  facts: CertificateFacts,
  file: string,
  { aside, remark }: { aside: string | undefined; remark: string | undefined },
): string[] {
  return [
    `This is the certificate of the agent, SHA-256 ${facts.thumbprint}, SHA-1 ${facts.sha1}, valid until ${day(facts.validToMs)}, application ${facts.applicationUri ?? '-'}; it lies in ${file}.`,
    'Put it among the trusted clients of each control. Most controls also keep a client that they turned away once: start the agent, then accept it there.',
    ...(aside === undefined
      ? []
      : [`The one before is kept in ${aside}; every control must trust the new one.`]),
    ...(remark === undefined ? [] : [remark]),
  ];
}

function explainRejected(
  entry: TrustEntry,
  entries: readonly TrustEntry[],
  { folder, config }: { folder: string; config: string },
): string[] {
  const { thumbprint, name, note } = entry;
  const short = shortThumbprint(thumbprint);
  const lines = note.shown.map(({ source, endpoint, why }) => {
    const instead = gaveWay(folder, entries, entry, endpoint)
      ? ' It gave way to another one, which is trusted.'
      : '';
    return `${short} ${name}, shown to source ${source} by ${endpoint}: it ${why.join('; it ')}.${instead}`;
  });
  // Somebody has decided already: no word of trusting it after all.
  if (note.removedAt !== undefined)
    return [...lines, `${short} ${name}: taken out on ${note.removedAt.slice(0, 10)}.`];
  const isOver =
    note.shown.length > 0 && note.shown.every(({ endpoint }) => gaveWay(folder, entries, entry, endpoint));
  return isOver ? lines : [...lines, `  to trust it: ${sayCommand(`trust add ${short}`, config)}`];
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
