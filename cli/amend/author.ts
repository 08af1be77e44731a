import { userInfo } from 'node:os';

const LENGTH_MAX = 80;

/** Who enters something: who they say they are, else the user of this system, behind `sudo` too. */
export function authorOf(by: string | undefined): string {
  if (by !== undefined) return by;
  const { SUDO_USER, USER } = process.env;
  return (SUDO_USER ?? nameOfUser() ?? USER ?? 'somebody').slice(0, LENGTH_MAX);
}

/** A container's user may have no name. */
function nameOfUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
