import { MillwattError } from '../errors.ts';

const CURES: Readonly<Record<string, string>> = {
  NO_DEVICE: 'Compare device with what `millwatt browse` shows of this agent.',
  UNAUTHORIZED:
    'This agent wants a login, which MTConnect sources do not have; let the agent allow this computer.',
  UNSUPPORTED: 'Set mode: poll for this source, or update the agent.',
};

/** What came back is no document of MTConnect. Class `retry`, code `bad-frame`. */
export function badDocumentError(where: string, what: string): MillwattError {
  return new MillwattError('retry', 'bad-frame', `${where} sent ${what}.`, {
    cure: 'Check that url is the address of an MTConnect agent: its page shows <MTConnectDevices> in a browser at /probe.',
  });
}

/** The address is none. Class `refuse`, code `bad-url`. */
export function badAddressError(where: string): MillwattError {
  return new MillwattError('refuse', 'bad-url', `${where} is no address.`, {
    cure: 'Write one such as http://192.168.1.40:5000, an IPv6 address in [ ], and a port below 65536.',
  });
}

/** The agent answered, and said no in its own words. Class `retry`, code `no-device` or `exception`. */
export function refusedByAgentError(
  where: string,
  errors: readonly { code: string; text: string }[],
): MillwattError {
  const [first] = errors;
  const code = oneLine(first?.code ?? 'no reason', 40);
  const text = oneLine(first?.text ?? '', 200);
  return new MillwattError(
    'retry',
    code === 'NO_DEVICE' ? 'no-device' : 'exception',
    `${where} answered with ${code}${text === '' ? '' : `: ${text.replace(/\.$/, '')}`}.`,
    { cure: CURES[code] ?? 'Look into the log of the agent.' },
  );
}

/** What an agent wrote, short and without anything that a terminal would obey. */
function oneLine(text: string, lengthMax: number): string {
  return Array.from(text.replace(/\p{C}+/gu, ' '))
    .slice(0, lengthMax)
    .join('')
    .trim();
}

/** An HTTP status without a document of MTConnect. Class `retry`, code `exception`. */
export function httpStatusError(where: string, status: number): MillwattError {
  const cure =
    status === 401 || status === 403
      ? CURES['UNAUTHORIZED']
      : status === 404
        ? 'Check the path in url; most agents answer at the root.'
        : 'Look into the log of the agent.';
  return new MillwattError('retry', 'exception', `${where} answered with HTTP status ${status}.`, {
    cure: cure ?? '',
  });
}

/** No whole answer within the time allowed. Class `retry`, code `timeout`. */
export function timeoutError(where: string, timeoutMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} did not answer within ${Math.round(timeoutMs)} ms.`,
    {
      cure: 'Check that the agent runs and the network reaches it; a slow agent needs a longer timeout.',
    },
  );
}

/** The agent sent neither values nor a heartbeat for too long. Class `retry`, code `timeout`. */
export function silentError(where: string, silentMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} sent nothing for ${Math.round(silentMs)} ms, not even a heartbeat.`,
    { cure: 'Check the network to the agent; an agent without heartbeats needs mode: poll.' },
  );
}

/** The connection could not be made, or ended before the answer did. Class `retry`, code `refused` or `closed`. */
export function connectionError(where: string, cause: NodeJS.ErrnoException): MillwattError {
  const { code = '' } = cause;
  if (/CERT|SELF_SIGNED|SSL|TLS|UNABLE_TO/.test(code))
    return new MillwattError('retry', 'refused', `${where} is not trusted: ${code}.`, {
      cure: 'Give the certificate of the authority that signed the agent as ca, and write the host name that its certificate has.',
      cause,
    });
  if (/ECONNRESET|EPIPE|ERR_STREAM|ABORT/.test(code) || /socket hang up|aborted/.test(cause.message))
    return closedError(where, cause);
  // A host with several addresses gives one error for all of them, which has a code and no message.
  const reason = cause.message === '' ? code : cause.message;
  const bad = code.startsWith('HPE_');
  return new MillwattError(
    'retry',
    bad ? 'bad-frame' : 'refused',
    bad ? `${where} does not speak HTTP: ${reason}.` : `${where} cannot be reached: ${reason}.`,
    { cure: 'Check host and port (most agents listen at 5000), and that the agent runs.', cause },
  );
}

/** The connection ended while an answer was due. Class `retry`, code `closed`. */
export function closedError(where: string, cause?: unknown): MillwattError {
  return new MillwattError('retry', 'closed', `${where} closed the connection.`, {
    cure: 'Check whether the agent was restarted or allows only few connections.',
    cause,
  });
}

/** The agent dropped observations that we had not read. Class `retry`, code `overrun`. */
export function overrunError(where: string, missing: number | undefined): MillwattError {
  return new MillwattError(
    'retry',
    'overrun',
    `${where} no longer has ${missing === undefined ? 'all' : `the ${missing}`} observations since the last answer; they are lost and the gap is recorded.`,
    { cure: 'Give the agent a larger buffer (BufferSize), or read it more often.' },
  );
}

/** The agent began anew: what it had told last before that is not known. Class `retry`, code `restarted`. */
export function restartedError(where: string): MillwattError {
  return new MillwattError('retry', 'restarted', `${where} was restarted; its values are read anew.`);
}

/** Which device is meant is not known. Class `refuse`, code `several-devices` or `no-device`. */
export function chooseDeviceError(
  where: string,
  wanted: string | undefined,
  names: readonly string[],
): MillwattError {
  const list = names.slice(0, 20).join(', ');
  if (names.length === 0)
    return new MillwattError('refuse', 'no-device', `${where} has no device.`, {
      cure: 'Look into the configuration of the agent (Devices.xml).',
    });
  return wanted === undefined
    ? new MillwattError('refuse', 'several-devices', `${where} has several devices: ${list}.`, {
        cure: 'Write device: with the name of one of them.',
      })
    : new MillwattError('refuse', 'no-device', `${where} has no device ${wanted}, but ${list}.`, {
        cure: 'Write device: with the name or uuid of one of them.',
      });
}
