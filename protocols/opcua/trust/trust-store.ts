import type * as NodeOpcua from 'node-opcua';
import type { MillwattError } from '../../errors.ts';
import { sayCommand } from '../say-command.ts';
import { ensureOwnCertificate, remarkOn } from './own-certificate.ts';
import { makeTrustFolder } from './trust-folder.ts';
import { reviewServer, type Review } from './trust-review.ts';
import type { Asker } from './trust-words.ts';

/** What node-opcua asks whether a server may be talked to; it looks for the agent's own files there as well. */
export type TrustManager = NodeOpcua.ICertificateStore & {
  readonly rootDir: string;
  readonly privateKey: string;
};

/** The trust store for one attempt to connect. */
export interface TrustStore {
  /** Goes to the client as `clientCertificateManager`. */
  readonly manager: TrustManager;
  /** Goes to the client as `applicationUri`: it must be the one in the agent's certificate. */
  readonly applicationUri: string;
  /** Holds what the server says it is over the secured session against its certificate; throws where that is another's. */
  requireApplication(applicationUri: string | undefined): void;
  /** Why the server was refused; undefined where it was not, or was not asked yet. */
  refusal(): MillwattError | undefined;
  /** What the operator should know: the agent's certificate runs out, a revocation list is old. */
  remarks(): string[];
}

/**
 * Opens the folder with this agent's key and certificate and those of the servers it trusts, and makes a key where there
 * is none. Only who is trusted there is let in; node-opcua's own default trusts anyone. The folder is read anew whenever a
 * server shows a certificate, so that one that was just trusted counts at the next attempt.
 * Throws as `ensureOwnCertificate`. `wallMs` is real time, ms since 1970.
 */
export async function openTrustStore(
  opcua: typeof NodeOpcua,
  folder: string,
  asker: Asker,
  wallMs: () => number = Date.now,
): Promise<TrustStore> {
  const own = await ensureOwnCertificate(opcua, folder, wallMs(), asker.config);
  makeTrustFolder(folder);
  let review: Review | undefined;
  let shown: Buffer | undefined;
  const look = (certificate: Buffer | Buffer[]) => {
    shown = Buffer.concat([certificate].flat());
    review = reviewServer(folder, shown, asker, wallMs());
    return review;
  };
  const isOwn = (certificate: Buffer | Buffer[]) =>
    Buffer.concat([certificate].flat()).equals(own.certificate.raw);
  const onlyByHand = (): never => {
    throw new Error('only the operator decides whom this agent trusts');
  };
  return {
    manager: {
      referenceCounter: 0,
      rootDir: folder,
      privateKey: own.keyFile,
      initialize: async () => {},
      dispose: async () => {},
      checkCertificate: async (certificate) =>
        look(certificate).refusal === undefined
          ? opcua.StatusCodes.Good
          : opcua.StatusCodes.BadCertificateUntrusted,
      // The library asks so about our own certificate, and only wants to hear whether it is whole.
      verifyCertificate: async (certificate) =>
        isOwn(certificate) || look(certificate).refusal === undefined ? 'Good' : 'BadCertificateUntrusted',
      getTrustStatus: async (certificate) =>
        look(certificate).refusal === undefined
          ? opcua.StatusCodes.Good
          : opcua.StatusCodes.BadCertificateUntrusted,
      trustCertificate: onlyByHand,
      rejectCertificate: onlyByHand,
      addIssuer: onlyByHand,
      addRevocationList: onlyByHand,
    },
    applicationUri: own.applicationUri,
    requireApplication: (applicationUri) => {
      if (shown === undefined || applicationUri === undefined) return;
      review = reviewServer(folder, shown, { ...asker, applicationUri }, wallMs());
      if (review.refusal !== undefined) throw review.refusal;
    },
    refusal: () => review?.refusal,
    remarks: () => {
      const staleMs = review?.verdict.staleListMs;
      const old =
        staleMs === undefined
          ? undefined
          : `The revocation list of the authority of ${asker.endpoint} was to be replaced by ${new Date(staleMs).toISOString().slice(0, 10)}: bring a newer one in with ${sayCommand('trust add FILE', asker.config)}.`;
      return [remarkOn(own, wallMs(), asker.config), old].filter((remark) => remark !== undefined);
    },
  };
}
