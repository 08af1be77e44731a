import { listTrust, trustByThumbprint } from '../../../protocols/opcua/trust/trust-decisions.ts';

/** Trusts every server that was refused, as `millwatt trust add` does for an operator who has compared thumbprints. */
export function trustRejected(pkiFolder: string): void {
  for (const { standing, thumbprint } of listTrust(pkiFolder))
    if (standing === 'rejected') trustByThumbprint(pkiFolder, thumbprint);
}
