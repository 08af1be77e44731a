import { createHash } from 'node:crypto';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';

/**
 * What a new issue is judged by: everything that the record states, and the hours and factors that it rests on. Not when and by
 * which version it was made, nor parts of the configuration that left no trace in any figure.
 */
export function contentOf({
  issued: _issued,
  version: _version,
  evidence,
  issuer,
  ...stated
}: FootprintRecord): string {
  const { company, site, region } = issuer;
  return hashOf({ ...stated, company, site, region, rests: restsOf(evidence) });
}

/** Sentences that another version of this program may word otherwise. */
const WORDS: ReadonlySet<string> = new Set(['statement', 'remarks', 'note', 'because', 'factorUncertainty']);

/**
 * What brings a withdrawn footprint back: what was measured, declared and computed, and what it rests on. Not sentences, nor what
 * follows from those figures by rules that another version may have more of: a new version alone offers nothing that was withdrawn.
 */
export function measuredContentOf(record: FootprintRecord): string {
  const { subject, period, issuer, activity, emissions, upstream, functionalUnit, evidence } = record;
  const { company, site, region } = issuer;
  const { description: _words, ...unit } = functionalUnit;
  const measured = { subject, period, company, site, region, unit, activity, emissions, upstream };
  const withoutWords = JSON.stringify({ ...measured, rests: restsOf(evidence) }, (key, value: unknown) =>
    WORDS.has(key) ? undefined : value,
  );
  return hashOf(JSON.parse(withoutWords));
}

const restsOf = ({ hours, factors, amendments, status }: FootprintRecord['evidence']) => ({
  hours: hours.sha256,
  factors,
  amendments,
  status,
});

const hashOf = (value: unknown) => createHash('sha256').update(canonicalText(value)).digest('base64url');
