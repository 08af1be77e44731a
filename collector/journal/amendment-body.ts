import type { Amendment } from '../energy/amendment.ts';
import { isDigest, isLevelId } from '../../protocols/telemetry/ids.ts';
import { displayedMwh, DISPLAY_UNITS } from './displayed-energy.ts';

/** Every amendment that this millwatt understands. */
export const AMENDMENT_KINDS = [
  'scale',
  'direction',
  'component',
  'exclude',
  'same-meter',
  'meter-replaced',
  'step',
] as const satisfies readonly Amendment['kind'][];
export type AmendmentKind = (typeof AMENDMENT_KINDS)[number];

/** The own terms of each kind, as people gave them: decimals stay the texts that were typed. */
type OwnTerms =
  | { kind: 'scale'; num: string; den: string; was?: string; is?: string }
  | { kind: 'direction' }
  | { kind: 'component'; becomes: string }
  | { kind: 'exclude' }
  | { kind: 'same-meter'; meter: string; is: string }
  | { kind: 'meter-replaced'; oldLast: string; newFirst: string; unit: string }
  | { kind: 'step'; is: 'real' };

/** What the body of an amendment says; it holds for readings in [fromMs, toMs), wall ms, null for ever. */
export type AmendmentBody = OwnTerms & {
  component: string;
  fromMs: number;
  toMs: number | null;
  /** Why, 3 to 500 characters: a verifier reads it. */
  reason: string;
};

/** What the body of a revocation says. */
export interface RevocationBody {
  /** Whole hash of the amendment's entry. */
  amendment: string;
  /** Why, 3 to 500 characters. */
  reason: string;
}

type Loose = Readonly<Record<string, unknown>>;
type Check = (value: unknown, body: Loose) => boolean;

const REASON_MAX = 500;
const TEXT_MAX = 200;

const isTime: Check = (value) => Number.isSafeInteger(value) && Math.abs(value as number) < 8.64e15;
const isText = (lengthMin: number, lengthMax: number): Check => {
  return (value) =>
    typeof value === 'string' &&
    value.trim().length >= lengthMin &&
    value.length <= lengthMax &&
    !/[\p{Cc}\p{Cs}]/u.test(value);
};
const isWhole: Check = (value) => typeof value === 'string' && /^[1-9]\d{0,17}$/.test(value);
const isShown: Check = (value, { unit }) =>
  typeof value === 'string' && typeof unit === 'string' && displayedMwh(value, unit) !== undefined;
const isRatio: Check = (value) => value === undefined || isText(1, 40)(value, {});

const COMMON: Readonly<Record<string, Check>> = {
  component: isLevelId,
  fromMs: isTime,
  toMs: (value, { fromMs }) =>
    value === null || (isTime(value, {}) && (value as number) > (fromMs as number)),
  reason: isText(3, REASON_MAX),
};

const OWN: Readonly<Record<AmendmentKind, Readonly<Record<string, Check>>>> = {
  scale: { num: isWhole, den: isWhole, was: isRatio, is: isRatio },
  direction: {},
  component: { becomes: (value, { component }) => isLevelId(value) && value !== component },
  exclude: {},
  'same-meter': {
    meter: isText(1, TEXT_MAX),
    is: (value, body) => isText(1, TEXT_MAX)(value, body) && value !== body['meter'],
  },
  'meter-replaced': {
    unit: (value) => DISPLAY_UNITS.some((unit) => unit === value),
    oldLast: isShown,
    newFirst: isShown,
  },
  step: { is: (value) => value === 'real' },
};

/** The body of an amendment, or the fault that keeps it from being one: `its reason is not as it should be`. */
export function readAmendmentBody(body: Loose): { body: AmendmentBody } | { fault: string } {
  const kind = AMENDMENT_KINDS.find((name) => name === body['kind']);
  if (kind === undefined)
    return { fault: `amendments of kind ${JSON.stringify(body['kind'] ?? null)} are not known here` };
  const fault = findFault(body, { ...COMMON, ...OWN[kind] }, ['kind']);
  return fault === undefined ? { body: body as unknown as AmendmentBody } : { fault };
}

/** The body of a revocation, or the fault that keeps it from being one. */
export function readRevocationBody(body: Loose): { body: RevocationBody } | { fault: string } {
  const fault = findFault(body, { amendment: isDigest, reason: isText(3, REASON_MAX) }, []);
  return fault === undefined ? { body: body as unknown as RevocationBody } : { fault };
}

/** A term that is not known may change what the others mean: it is a fault, too. */
function findFault(
  body: Loose,
  checks: Readonly<Record<string, Check>>,
  also: readonly string[],
): string | undefined {
  const known = [...also, ...Object.keys(checks)];
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) return `the term ${JSON.stringify(unknown)} is not known here`;
  const wrong = Object.entries(checks).find(([key, check]) => !check(body[key], body))?.[0];
  if (wrong === undefined) return undefined;
  return wrong === 'reason'
    ? `it needs a reason of 3 to ${REASON_MAX} characters on one line`
    : `its ${wrong} is not as it should be (${JSON.stringify(body[wrong] ?? null)})`;
}
