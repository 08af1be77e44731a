import { ENTRY_KINDS } from '../journal/journal.ts';
import { list, maybe, object, reference, text, time } from './openapi-schema.ts';

const kinds = { type: 'string', enum: [...ENTRY_KINDS] };

/** An entry of the journal as the API gives it. */
export const LISTED_ENTRY = object(
  {
    seq: { type: 'integer' },
    id: text,
    kind: kinds,
    machine: maybe(text),
    enteredMs: time,
    by: text,
    saying: text,
    hash: text,
  },
  'What was told, of a machine or a main meter, in words with times in UTC',
);

/** An amendment as the API gives it. */
export const LISTED_AMENDMENT = object(
  {
    id: text,
    seq: { type: 'integer' },
    machine: text,
    enteredMs: time,
    by: text,
    standing: { type: 'string', enum: ['in-force', 'revoked', 'unknown'] },
    saying: text,
    reason: text,
    terms: { type: 'object', description: 'As it was entered' },
    hours: object({ fromMs: maybe(time), toMs: maybe(time) }, 'The UTC hours that it touches'),
    revocation: maybe(object({ id: text, enteredMs: time, by: text, reason: text }, 'Who took it back')),
    hash: text,
    signature: text,
  },
  'Who decided what about readings, when and why, and who took it back',
);

/** A page of entries. */
export const JOURNAL_PAGE = object(
  {
    entries: list(reference('ListedEntry')),
    nextAfter: maybe({ type: 'integer' }),
  },
  '`nextAfter` is the `after` of the next page; null at the end',
);

/** By what pages are asked for. */
export const JOURNAL_PARAMETERS = [
  { name: 'machine', description: 'A machine or a main meter', schema: text },
  { name: 'kind', schema: kinds },
  ...['from', 'to'].map((name) => ({
    name,
    description: 'When it was entered: ISO time with its zone, or ms since 1970; all without',
    schema: text,
  })),
  {
    name: 'after',
    description: 'Only entries with a larger seq',
    schema: { type: 'integer', minimum: 0, default: 0 },
  },
  { name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 1000, default: 200 } },
].map((parameter) => ({ ...parameter, in: 'query', required: false }));
