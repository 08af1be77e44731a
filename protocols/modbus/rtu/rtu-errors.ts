import { MillwattError } from '../../errors.ts';
import type { RtuMedium } from './rtu-link.ts';

/** Where to look when a serial line is mute, what is most often wrong first. */
const SILENCE_CURES: Readonly<Record<RtuMedium, string>> = {
  serial:
    'Check baud rate and parity first (they must be those set in the device), then power, cable, whether A and B ' +
    'are swapped, and the unit id; a slow device needs a longer timeout.',
  tcp:
    'Check baud rate and parity first (the serial settings of the device server must be those of the device), then ' +
    'power, cable, whether A and B are swapped, and the unit id; a slow device needs a longer timeout. If the device ' +
    'server itself speaks Modbus TCP on this port, use modbus-tcp.',
};

/** What came back is no answer to what was asked. `what` follows "sent". */
export function badRtuFrameError(where: string, what: string): MillwattError {
  return new MillwattError('retry', 'bad-frame', `${where} sent ${what}.`, {
    cure:
      'Check baud rate, parity and stop bits, the wiring (A and B, termination), that no two devices have the same ' +
      'unit id, and that no other master uses the line.',
  });
}

/** The other end of a TCP connection takes our frames of RTU for Modbus TCP, and answers so. */
export function modbusTcpAnswerError(where: string): MillwattError {
  return new MillwattError('retry', 'bad-frame', `${where} answers in Modbus TCP, not in frames of RTU.`, {
    cure: 'Use modbus-tcp for it (in a configuration `protocol: modbus-tcp`, on the command line tcp://).',
  });
}

/** No whole answer within the time allowed; so many bytes of one came. */
export function rtuTimeoutError(
  where: string,
  timeoutMs: number,
  { medium, bytes }: { medium: RtuMedium; bytes: number },
): MillwattError {
  const part = bytes === 0 ? '' : `, only ${bytes} ${bytes === 1 ? 'byte' : 'bytes'} came`;
  return new MillwattError(
    'retry',
    'timeout',
    `${where} did not answer within ${Math.round(timeoutMs)} ms${part}.`,
    { cure: SILENCE_CURES[medium] },
  );
}

/** The serial port or the connection ended while it was needed. */
export function lineClosedError(where: string, cause?: unknown, medium?: RtuMedium): MillwattError {
  return new MillwattError('retry', 'closed', `${where} was closed before the answer came.`, {
    cure:
      medium === 'tcp'
        ? 'Check whether the device server allows only few connections and another program holds them; if it speaks Modbus TCP on this port, use modbus-tcp. It is opened again with the next request.'
        : 'Check the cable and plug of the serial adapter or gateway; it is opened again with the next request.',
    cause,
  });
}

/**
 * An older reply may still come that could be mistaken for the answer, and there is no time to make sure. The request
 * was not sent, so that this says nothing of its registers.
 */
export class DistrustError extends MillwattError {
  constructor(where: string, timeoutMs: number, medium: RtuMedium) {
    super(
      'retry',
      'timeout',
      `${where} owes an answer to an older request, and did not show within ${Math.round(timeoutMs)} ms that it no longer comes.`,
      { cure: SILENCE_CURES[medium] },
    );
  }
}

/** Nobody answers what is sent to all. */
export function broadcastError(where: string): MillwattError {
  return new MillwattError('refuse', 'broadcast', `${where}: unit 0 means all devices of a serial line.`, {
    cure: 'Set the unit id of the device, 1 to 247.',
  });
}

/** Why a serial port cannot be opened, from the words of the operating system. */
export function serialOpenError(path: string, cause: unknown): MillwattError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/^Error:? /, '');
  return new MillwattError('retry', 'refused', `The serial port ${path} cannot be opened: ${reason}.`, {
    cure: serialCure(path, reason),
    cause,
  });
}

function serialCure(path: string, reason: string): string {
  if (/permission denied|EACCES|EPERM/i.test(reason))
    return `Add the user that runs millwatt to the group dialout (sudo usermod -aG dialout USER), then log in anew or restart the service.`;
  if (/no such|ENOENT|ENXIO|file not found/i.test(reason))
    return `Plug the adapter in, and look for its name in /dev/serial/by-id; that name stays the same after a restart.`;
  if (/lock|busy|EBUSY|access denied|temporarily unavailable/i.test(reason))
    return `Another program holds ${path}; it may be the running agent: stop it meanwhile (sudo systemctl stop millwatt-agent). A line has one master.`;
  if (/baud|invalid|not supported|inappropriate/i.test(reason))
    return `Check that ${path} is a serial port, and that it can do this baud rate and parity.`;
  return 'Check the adapter and its driver.';
}

/** The npm package `serialport` is optional, and is not there or does not run on this computer. */
export function noSerialPackageError(path: string, cause: unknown): MillwattError {
  return new MillwattError(
    'retry',
    'refused',
    `The serial port ${path} cannot be opened: the package serialport does not load.`,
    {
      cure: 'Install it with "npm install serialport", or use a gateway with Modbus TCP or RTU over TCP.',
      cause,
    },
  );
}
