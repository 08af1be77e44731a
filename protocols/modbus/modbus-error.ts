import { MillwattError } from '../errors.ts';

/** What the exception codes of Modbus mean, in words for a plant engineer. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'it does not know this function',
  2: 'it has no such register',
  3: 'it does not accept such a request',
  4: 'it has failed inside',
  5: 'it has begun a long task',
  6: 'it is busy',
  8: 'its memory is faulty',
  10: 'the gateway has no way to it',
  11: 'the gateway gets no answer from it',
};

/** The device answered, and said no. Class `retry`, code `exception`. */
export class ModbusExceptionError extends MillwattError {
  override readonly name = 'ModbusExceptionError';
  /** 1 .. 255 as the device sent it. */
  readonly exceptionCode: number;

  constructor(where: string, exceptionCode: number) {
    const meaning = EXCEPTIONS[exceptionCode] ?? 'a code that Modbus does not define';
    super('retry', 'exception', `${where} answered with Modbus exception ${exceptionCode}: ${meaning}.`, {
      cure:
        exceptionCode === 10 || exceptionCode === 11
          ? 'Check the unit id, and the wiring and serial settings behind the gateway.'
          : exceptionCode <= 3
            ? 'Check that the profile fits the device, and its addressOffset.'
            : 'Wait; if it stays, restart the device.',
    });
    this.exceptionCode = exceptionCode;
  }
}

/**
 * No whole answer within the time allowed.
 * @param hasAnswered whether the other end ever gave an answer of Modbus TCP
 */
export function timeoutError(where: string, timeoutMs: number, hasAnswered = true): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} did not answer within ${Math.round(timeoutMs)} ms.`,
    {
      cure: `Check power, cable and unit id of the device; a slow device needs a longer timeout.${
        hasAnswered
          ? ''
          : ' A serial device server that only hands bytes on needs modbus-rtu-over-tcp in place of modbus-tcp.'
      }`,
    },
  );
}

/** The requests ahead of ours on a shared connection took all the time it had. */
export function queueTimeoutError(where: string, waitMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `The other devices behind ${where} took ${Math.round(waitMs)} ms, so that this one had no turn.`,
    { cure: 'Look for a dead device behind the same gateway, or read these devices less often.' },
  );
}

/** A device that is left in peace for a while: it failed before, and others wait for its line. */
export function pausedError(where: string, code: string, leftMs: number): MillwattError {
  return new MillwattError(
    'retry',
    code,
    `${where} failed before (${code}); it is asked again in ${(leftMs / 1000).toFixed(1)} s.`,
    {
      cure: 'Check power, cable and unit id of the device, on a serial line baud rate and parity first; it is read again as soon as it answers.',
    },
  );
}

/** All requests of a poll together took more time than they have. */
export function pollDeadlineError(where: string, allowedMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} and its neighbours took more than ${Math.round(allowedMs)} ms for one poll.`,
    { cure: 'Read fewer points or fewer devices on this line, less often, or at a higher baud rate.' },
  );
}

/** The driver gave its place on the line back while it waited for its turn. */
export function releasedError(where: string): MillwattError {
  return new MillwattError('retry', 'closed', `The connection to ${where} was ended by us.`);
}

/** What came back is not the answer to what was asked. */
export function badFrameError(where: string, what: string): MillwattError {
  return new MillwattError('retry', 'bad-frame', `${where} sent ${what}; the connection was cut.`, {
    cure: 'Check that this port speaks Modbus TCP (a serial device server that only hands bytes on perhaps needs modbus-rtu-over-tcp), and that no other program shares the gateway badly.',
  });
}

/** The connection ended while an answer was due. */
export function closedError(where: string, cause?: unknown): MillwattError {
  return new MillwattError('retry', 'closed', `${where} closed the connection before it answered.`, {
    cure: 'Check whether the device allows only few connections and another program holds them.',
    cause,
  });
}

/** No connection could be made. */
export function refusedError(where: string, cause: NodeJS.ErrnoException): MillwattError {
  // A host with several addresses gives one error for all of them, which has a code and no message.
  const reason = cause.message === '' ? (cause.code ?? 'unknown reason') : cause.message;
  return new MillwattError('retry', 'refused', `${where} cannot be reached: ${reason}.`, {
    cure: 'Check host and port, and that Modbus TCP is switched on in the device.',
    cause,
  });
}
