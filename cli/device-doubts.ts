import type { Log } from '../protocols/log.ts';

/** A log that keeps what drivers doubt of their device as a whole: that it is the one the configuration means. */
export interface DeviceDoubts {
  log: Log;
  /** Sentences about the device of a source, as they stand now. */
  of(source: string): string[];
}

/** What a command shows that has no log of its own. What drivers say of single points is in their trace. */
export function gatherDoubts(): DeviceDoubts {
  const doubts = new Map<string, { source: unknown; message: string }>();
  const keyOf = (fields: object) =>
    'check' in fields && 'source' in fields
      ? { source: fields.source, key: JSON.stringify([fields.source, fields.check]) }
      : undefined;
  return {
    log: {
      debug: () => {},
      error: () => {},
      // The device fits again.
      info: (fields) => void doubts.delete(keyOf(fields)?.key ?? ''),
      warn: (fields, message) => {
        const of = keyOf(fields);
        if (of !== undefined) doubts.set(of.key, { source: of.source, message });
      },
    },
    of: (source) => [...doubts.values()].flatMap((one) => (one.source === source ? [one.message] : [])),
  };
}
