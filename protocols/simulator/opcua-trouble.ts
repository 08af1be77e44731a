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

/** Troubles a machine until `stop` is called; one trouble at a time. */
export function startTroubles(
  machine: OpcuaMachine,
  troubles: readonly RecurringTrouble[],
  log: (trouble: Trouble) => void = () => {},
  wallMs: () => number = Date.now,
): { stop(): Promise<void> } {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  let last: Promise<void> = Promise.resolve();
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });
  const schedule = (trouble: RecurringTrouble) => {
    if (stopped) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        last = last.then(async () => {
          if (stopped) return;
          log(trouble.kind);
          await befall(machine, trouble, wait);
        });
        schedule(trouble);
      },
      trouble.everyMs - (wallMs() % trouble.everyMs),
    );
    timers.add(timer);
  };
  for (const trouble of troubles) schedule(trouble);
  return {
    stop: async () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      // A restart that is under way is waited for; a wait that was cut short never ends by itself.
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
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
