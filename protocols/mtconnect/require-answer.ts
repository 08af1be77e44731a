import type { AgentClient, Answer } from './agent-client.ts';
import { badDocumentError, refusedByAgentError } from './agent-error.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';

type DocumentOf<Kind extends MtconnectDocument['kind']> = Extract<MtconnectDocument, { kind: Kind }>;

/** How agents of several versions say that they do not have what is asked for. */
const REFUSALS = ['OUT_OF_RANGE', 'INVALID_REQUEST', 'QUERY_ERROR', 'INVALID_PARAMETER_VALUE'];

/** Asks for the devices. Throws an error of class `retry` for any other answer. */
export async function askDevices(client: AgentClient, leftMs: number): Promise<DocumentOf<'devices'>> {
  const { document } = await client.ask('/probe', leftMs);
  if (document.kind === 'error') throw refusedByAgentError(client.where, document.errors);
  if (document.kind === 'devices') return document;
  throw badDocumentError(client.where, 'values where its devices were asked for');
}

/** Asks for values. Throws an error of class `retry` for any other answer. */
export async function askStreams(
  client: AgentClient,
  path: string,
  leftMs: number,
): Promise<Answer & { document: DocumentOf<'streams'> }> {
  const answer = await client.ask(path, leftMs);
  return { ...answer, document: requireStreams(client.where, answer.document) };
}

/** The values that a document holds. Throws an error of class `retry` for any other document. */
export function requireStreams(where: string, document: MtconnectDocument): DocumentOf<'streams'> {
  if (document.kind === 'error') throw refusedByAgentError(where, document.errors);
  if (document.kind === 'streams') return document;
  throw badDocumentError(where, 'its devices where values were asked for');
}

/** True where the agent does not answer what was asked, and would not the next time either. */
export function isRefusal(document: MtconnectDocument): document is DocumentOf<'error'> {
  return document.kind === 'error' && document.errors.some(({ code }) => REFUSALS.includes(code));
}
