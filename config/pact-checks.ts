import { collectorConfig } from './collector-config.ts';
import { checkFile, checkSecret, checkTlsFiles, measureSecret } from './file-checks.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { findNearest } from './nearest.ts';
import type { PactConfig } from './pact-config.ts';
import { ownList, ownValue, salvage } from './salvage.ts';
import type { Surroundings } from './surroundings.ts';

/** What a client can guess is no secret. */
const SECRET_LENGTH_MIN = 22;

/** What `pact` of a collector's file has against itself, the rest of the file and the files it names. */
export function checkPactHost(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const given = ownValue(raw, 'pact');
  const pact = given === undefined ? undefined : salvage(collectorConfig.shape.pact.unwrap(), given);
  if (pact?.whole !== true) return [];
  const { value } = pact;
  const remarks = checkTlsFiles(['pact'], value, folder, world);
  if (ownValue(raw, 'footprint') === undefined)
    remarks.push(
      error(
        [],
        'nothing is said of footprints.',
        'Add footprint, with at least company and region, for example footprint: { company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN }, region: VN }.',
      ),
    );
  if (new URL(value.url).pathname.length > 1)
    remarks.push(
      error(
        ['url'],
        `${value.url} has a path, and links to further pages would lose it.`,
        'Give the host a name of its own, such as https://pact.example.com.',
      ),
    );
  if (value.publish.length === 0)
    remarks.push({
      ...error(['publish'], 'nothing is offered.', 'List machines, lines or parts.'),
      severity: 'warning',
    });
  return [
    ...remarks,
    ...value.publish.flatMap((entry, index) => checkEntry(raw, entry, ['publish', index])),
    ...checkPartners(value, folder, world),
  ];
}

const error = (path: ConfigPath, message: string, cure: string): Remark => ({
  severity: 'error',
  path: ['pact', ...path],
  message,
  cure,
});

function checkEntry(raw: unknown, entry: PactConfig['publish'][number], at: ConfigPath): Remark[] {
  const { machine, line, model, part } = entry;
  const several = line === undefined ? 'model' : 'line';
  const isSeveral = line !== undefined || model !== undefined;
  if (isSeveral && part !== undefined)
    return [
      error(
        at,
        `the use phase of a ${several} and the making of a part are two readings of the same energy.`,
        `Make two entries of it: one with ${several}, one with part.`,
      ),
    ];
  const given = [machine ?? part, line, model].filter((one) => one !== undefined);
  if (given.length !== 1)
    return [
      error(
        at,
        given.length === 0 ? 'does not say of what.' : 'names several subjects.',
        'Give machine, line, model or part; a machine may stand with the part that it makes.',
      ),
    ];
  const footprint = ownValue(raw, 'footprint');
  return [
    ...requireOne([...at, 'machine'], machine, idsOf(ownList(raw, 'machines')), 'machines'),
    ...requireOne([...at, 'line'], line, idsOf(ownList(footprint, 'lines')), 'footprint.lines'),
    ...requireOne([...at, 'model'], model, idsOf(ownList(footprint, 'models')), 'footprint.models'),
    ...requireOne([...at, 'part'], part, idsOf(ownList(footprint, 'parts')), 'footprint.parts'),
  ];
}

const idsOf = (all: readonly unknown[]): string[] =>
  all.flatMap((one): string[] => {
    const id = ownValue(one, 'id');
    return typeof id === 'string' ? [id] : [];
  });

function requireOne(path: ConfigPath, name: string | undefined, known: string[], where: string): Remark[] {
  if (name === undefined || known.includes(name)) return [];
  const nearest = findNearest(name, known);
  return [
    error(
      path,
      `${name} is not listed under ${where}.`,
      nearest === undefined ? `List it under ${where}.` : `Write ${nearest}.`,
    ),
  ];
}

function checkPartners({ partners }: PactConfig, folder: string, world: Surroundings): Remark[] {
  return partners.flatMap((partner, index): Remark[] => {
    const at = ['pact', 'partners', index];
    const remarks = checkSecret([...at, 'secret'], partner.secret, folder, world);
    const length = measureSecret(partner.secret, folder, world);
    if (length !== undefined && length > 0 && length < SECRET_LENGTH_MIN)
      remarks.push(
        error(
          ['partners', index, 'secret'],
          `the secret has ${length} characters; at least ${SECRET_LENGTH_MIN} are asked for.`,
          'Make a new one: openssl rand -hex 24',
        ),
      );
    if (partners.findIndex(({ id }) => id === partner.id) !== index)
      remarks.push(
        error(['partners', index, 'id'], `${partner.id} is there twice.`, 'Take one of them out.'),
      );
    const { events } = partner;
    if (events === undefined) return remarks;
    remarks.push(...checkSecret([...at, 'events', 'secret'], events.secret, folder, world));
    if (events.ca !== undefined)
      remarks.push(...checkFile([...at, 'events', 'ca'], events.ca, folder, world));
    return remarks;
  });
}
