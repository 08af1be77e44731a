import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { browseServer, type BrowseAccess } from '../../protocols/opcua/browse/browse-server.ts';
import { SECURITY_POLICIES } from '../../protocols/opcua/opcua-options.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { findPki, writeAsOwner } from '../trust/pki-folder.ts';
import { chooseDuration } from './browse-duration.ts';
import type { BrowseCommandOptions } from './browse-options.ts';
import { createBrowseProgress } from './browse-progress.ts';
import { leaveStopped, sayStopped } from './browse-stopped.ts';
import { writePrintableJson } from './browse-text.ts';
import { surveyAsJson } from './opcua-json.ts';
import { drawSurvey } from './opcua-view.ts';

const DEPTH_DEFAULT = 5;
const DEPTH_MAX = 20;
const POLICIES = ['best', ...SECURITY_POLICIES] as const;

/** Looks at an OPC UA server, and prints what it offers. Throws what a source would throw that cannot connect. */
export async function runBrowseOpcua(url: string, options: BrowseCommandOptions): Promise<void> {
  const access = accessOf(url, options);
  const certificates = chooseCertificates(access, options);
  const depth = depthOf(options.depth);
  const stop = listenForStop();
  const progress = createBrowseProgress(url);
  try {
    const survey = await certificates((pkiFolder) =>
      browseServer(
        access,
        {
          depth,
          isAll: options.all === true,
          signal: stop,
          onProgress: (nodes) => progress.onNodes(nodes),
          ...(options.path === undefined ? {} : { path: options.path }),
        },
        { pkiFolder, config: options.config, log: silentLog, wallMs: () => Date.now() },
      ),
    );
    progress.end();
    const login = {
      username: options.user,
      passwordFile: options.passwordFile,
      policy: access.securityPolicy,
    };
    if (options.json) process.stdout.write(writePrintableJson(surveyAsJson(survey, login)));
    else process.stdout.write(`${drawSurvey(survey, login, widthOf()).join('\n')}\n`);
    if (survey.isCut) leaveStopped();
  } catch (error) {
    progress.end();
    if (!stop.aborted) throw speakOfBrowsing(error, options);
    const nothing = { protocol: 'opcua', endpoint: url, machines: [], models: [], others: [] };
    sayStopped(error, nothing, options.json === true);
  }
}

function accessOf(
  url: string,
  { security = 'best', user, passwordFile, timeout }: BrowseCommandOptions,
): BrowseAccess {
  const policy = POLICIES.find((one) => one === security);
  if (policy === undefined && security !== 'none')
    throw usageError(
      `--security ${JSON.stringify(security)} is no policy of OPC UA.`,
      `Write one of ${[...POLICIES, 'none'].join(', ')}.`,
    );
  if ((user === undefined) !== (passwordFile === undefined))
    throw usageError(
      '--user and --password-file go together.',
      'Write both: the password stands alone in a file, so that it is in no list of commands.',
    );
  return {
    endpoint: url,
    securityPolicy: policy ?? 'best',
    securityMode: 'SignAndEncrypt',
    allowInsecure: security === 'none',
    timeout: chooseDuration(timeout),
    ...(user === undefined ? {} : { username: user }),
    ...(passwordFile === undefined ? {} : { password: readPassword(passwordFile) }),
  };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'no-password',
      `The password file ${file} cannot be read: ${describeFileFault(cause)}.`,
      {
        cure: 'Check the path, and that this user may read it.',
        cause,
      },
    );
  }
}

/** Lends the folder of certificates to some work, as long as that takes. */
type Certificates = <T>(work: (pkiFolder: string) => Promise<T>) => Promise<T>;

function chooseCertificates(
  { allowInsecure }: BrowseAccess,
  { config, pki }: BrowseCommandOptions,
): Certificates {
  if (pki !== undefined && config !== undefined)
    throw usageError('--pki and -c name two folders of certificates.', 'Write one of them.');
  if (pki !== undefined) return (work) => work(resolve(pki));
  if (config !== undefined) {
    const found = findPki(config);
    return (work) => writeAsOwner(found, () => work(found.folder));
  }
  if (allowInsecure) return withPassingFolder;
  throw usageError(
    'A secure connection needs our certificate and those that are trusted, and nothing says where they are.',
    'Write -c agent.yaml to use those of the agent, --pki FOLDER for others, or --security none.',
  );
}

/** Without security nobody looks at our certificate, but the library wants one: it goes when the process does, however that ends. */
async function withPassingFolder<T>(work: (pkiFolder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-browse-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return await work(folder);
  } finally {
    remove();
  }
}

function depthOf(text: string | undefined): number {
  if (text === undefined) return DEPTH_DEFAULT;
  const depth = Number(text);
  if (Number.isInteger(depth) && depth >= 1 && depth <= DEPTH_MAX) return depth;
  throw usageError(`--depth ${JSON.stringify(text)} is no depth.`, `Write a number from 1 to ${DEPTH_MAX}.`);
}

/** What a source would say, as one says it who only looks. */
function speakOfBrowsing(error: unknown, { pki }: BrowseCommandOptions): unknown {
  if (!(error instanceof MillwattError)) return error;
  const cure = error.cure
    .replace(' The agent connects at its next attempt.', ' Then call this again.')
    .replace(/Write username and password, or userCertificate and userKey,/, 'Add --user and --password-file')
    .replace(/^Check username and password/, 'Check --user and --password-file')
    .replace(
      /^Remove allowInsecure,.*/,
      'Leave --security none out, and write -c agent.yaml or --pki FOLDER.',
    );
  const folder = pki === undefined ? undefined : resolve(pki);
  return new MillwattError(error.remedy, error.code, error.message, {
    cure:
      folder === undefined
        ? cure
        : cure.replace(
            /millwatt trust add \S+ -c agent\.yaml/,
            `move its file from ${folder}/rejected to ${folder}/trusted/certs (or use -c agent.yaml, and millwatt trust add)`,
          ),
    cause: error,
  });
}
