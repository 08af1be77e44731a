/**
 * Errors are classed by what to do about them, never by where they came from:
 *
 * - `retry`: the world may heal by itself (a meter is off, a broker restarts). Back off and try again.
 * - `quarantine`: this one input is bad and will stay bad. Set it aside, count it, go on.
 * - `refuse`: the operator must change something before we start. Say what and where.
 * - `crash`: our own invariant broke. Stop at once; a restart begins from what is durable.
 */
export const REMEDIES = ['retry', 'quarantine', 'refuse', 'crash'] as const;
export type Remedy = (typeof REMEDIES)[number];

/** An error that says what happened, what to do about it (`remedy`), and how a person can cure it. */
export class MillwattError extends Error {
  override readonly name: string = 'MillwattError';
  readonly remedy: Remedy;
  /** A short stable word for metrics and tests, in kebab-case: `timeout`, `bad-signature`. */
  readonly code: string;
  /** What a person can do about it, as one sentence; empty when nothing needs doing. */
  readonly cure: string;

  constructor(
    remedy: Remedy,
    code: string,
    message: string,
    options: { cure?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
    this.code = code;
    this.cure = options.cure ?? '';
  }
}

/** What the operating system says of files, for people. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'part of its path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EROFS: 'the disk takes no writes',
  ENOSPC: 'the disk is full',
};

/** Why a file that is named beside this cannot be used: `no such file`, without the words of a system call. */
export function describeFileFault(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return (typeof code === 'string' ? FILE_FAULTS[code] : undefined) ?? describeError(error);
}

/** The message and cure of any thrown value as one line, for logs and terminals. */
export function describeError(error: unknown): string {
  if (error instanceof MillwattError)
    return error.cure === '' ? error.message : `${error.message} Cure: ${error.cure}`;
  return error instanceof Error ? error.message : String(error);
}
