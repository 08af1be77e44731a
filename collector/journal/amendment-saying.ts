import type { AmendmentBody } from './amendment-body.ts';

/**
 * What an amendment decides, in one sentence for people and verifiers. Times are written by `sayTime`, which takes wall ms.
 */
export function sayAmendment(
  machine: string,
  body: AmendmentBody,
  sayTime: (atMs: number) => string,
): string {
  const { component, fromMs, toMs } = body;
  const of = `${machine} ${component}`;
  const span = `from ${sayTime(fromMs)} ${toMs === null ? 'on' : `to ${sayTime(toMs)}`}`;
  switch (body.kind) {
    case 'scale': {
      const ratio =
        body.was === undefined || body.is === undefined ? '' : `: ${body.was} was taken, ${body.is} is true`;
      return `Powers and counters of ${of} ${span} are what was read x ${sayFactor(body)}${ratio}.`;
    }
    case 'direction':
      return `The current transformers of ${of} were turned round ${span}: power changes its sign, import and export change places.`;
    case 'component':
      return `Readings of ${of} ${span} are those of ${machine} ${body.becomes}.`;
    case 'exclude':
      return `Readings of ${of} ${span} are left out: they are worth nothing.`;
    case 'same-meter':
      return `Readings of ${of} ${span} that name the meter "${body.meter}" are of "${body.is}": it is one meter, and its counter goes on.`;
    case 'meter-replaced':
      return `The meter of ${of} was replaced ${toMs === null ? 'at' : 'between'} ${sayTime(fromMs)}${toMs === null ? '' : ` and ${sayTime(toMs)}`}: the old one showed ${body.oldLast} ${body.unit} last, the new one ${body.newFirst} ${body.unit} first.`;
    case 'step':
      return `The step of the counter of ${of} ${span} was real energy: it is booked.`;
  }
}

/** `2`, `0.5`, or `2/3` where no short decimal says it. */
export function sayFactor({ num, den }: { num: string; den: string }): string {
  const decimal = Number(num) / Number(den);
  const text = String(decimal);
  const isExact = den === '1' || (text.length <= 8 && !text.includes('e') && isTerminating(BigInt(den)));
  return isExact ? (den === '1' ? num : text) : `${num}/${den}`;
}

/** A fraction in lowest terms is a decimal that ends where its denominator has no prime factors but 2 and 5. */
function isTerminating(den: bigint): boolean {
  let rest = den;
  while (rest % 2n === 0n) rest /= 2n;
  while (rest % 5n === 0n) rest /= 5n;
  return rest === 1n;
}
