/** Whom the processes to be killed speak for. */
export const KILL_SITE = 'lab';
export const KILL_AGENT = 'gateway-1';
export const KILL_MACHINES = ['mill-1', 'lathe-1', 'centre-1'] as const;
