import { setTimeout as sleep } from 'node:timers/promises';
import type { OpcuaMachine } from './opcua-machine.ts';

/** What befalls a control from time to time. */
export const TROUBLES = [
  'restart',
  'silence',
  'droppedSessions',
  'newCertificate',
  'noSubscriptions',
  'slowAnswers',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** A trouble that comes again and again, at whole multiples of `everyMs` since 1970, real time. */
export interface RecurringTrouble {
  kind: Trouble;
  everyMs: number;
  /** How long a restart, a silence or the like lasts, ms. */
  lastsMs: number;
}

/** A control that has too much to do takes so long for an answer, ms. */
const SLOW_MS = 3000;

/** Troubles a machine until `stop` is called; one trouble at a time. `tell` hears of each, and of one that failed. */
export function startTroubles(
  machine: OpcuaMachine,
  troubles: readonly RecurringTrouble[],
  tell: (trouble: Trouble, failure?: unknown) => void = () => {},
  wallMs: () => number = Date.now,
): { stop(): Promise<void> } {
  const starts = new Map<RecurringTrouble, NodeJS.Timeout>();
  const ended = new AbortController();
  let last: Promise<void> = Promise.resolve();
  const wait = (ms: number) => sleep(ms, undefined, { signal: ended.signal }).catch(() => {});
  const schedule = (trouble: RecurringTrouble) => {
    const { kind, everyMs } = trouble;
    const begin = () => {
      last = last.then(async () => {
        if (ended.signal.aborted) return;
        tell(kind);
        await befall(machine, trouble, wait).catch((failure: unknown) => tell(kind, failure));
      });
      schedule(trouble);
    };
    starts.set(trouble, setTimeout(begin, everyMs - (wallMs() % everyMs)));
  };
  for (const trouble of troubles) schedule(trouble);
  return {
    // A restart that is under way is waited for.
    stop: async () => {
      for (const timer of starts.values()) clearTimeout(timer);
      ended.abort();
      await last;
    },
  };
}

async function befall(
  machine: OpcuaMachine,
  { kind, lastsMs }: RecurringTrouble,
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  const { faults } = machine;
  switch (kind) {
    case 'restart':
      return machine.restart({ downMs: lastsMs });
    case 'newCertificate':
      return machine.changeCertificate();
    case 'droppedSessions':
      machine.dropSessions();
      return;
    case 'silence':
      faults.silent = true;
      await wait(lastsMs);
      faults.silent = false;
      return;
    case 'noSubscriptions':
      faults.refusesSubscriptions = true;
      machine.dropSessions();
      await wait(lastsMs);
      faults.refusesSubscriptions = false;
      return;
    case 'slowAnswers':
      faults.answerAfterMs = SLOW_MS;
      await wait(lastsMs);
      faults.answerAfterMs = 0;
  }
}
