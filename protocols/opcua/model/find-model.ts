import type { ClientSession } from 'node-opcua';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import { applyOverrides } from './found-overrides.ts';
import type { Found } from './found.ts';
import { makePrintable } from './printable-found.ts';
import { findMachineTool } from './machine-tool-model.ts';
import { findSinumerik } from './sinumerik-model.ts';
import { makeUnique } from './unique-found.ts';

/** As many as health shows. */
const REMARKS_MAX = 10;
const NOTHING: Found = { measured: [], statuses: [], remarks: [] };

/** What finding goes by. */
export type ModelOptions = Pick<OpcuaSourceOptions, 'model' | 'instance' | 'found' | 'component'>;

/**
 * Finds what a server offers of a model: nodes with unit and accuracy, words with their vocabulary, and in remarks what
 * is missing or was not looked at. Node ids are those of this connection. Costs a bounded number of requests, never calls
 * a method and never writes. Rejects only where the session fails.
 * @param signal aborted when the time is over
 */
export async function findModel(
  session: ClientSession,
  namespaceUris: readonly string[],
  options: ModelOptions,
  signal?: AbortSignal,
): Promise<Found> {
  const found = await findAll(session, namespaceUris, options, signal);
  const { remarks, ...rest } = makeUnique(applyOverrides(makePrintable(found), options.found));
  const more = remarks.length - REMARKS_MAX + 1;
  return {
    ...rest,
    remarks:
      more <= 1
        ? remarks
        : [...remarks.slice(0, REMARKS_MAX - 1), `There are ${more} more remarks: see millwatt browse.`],
  };
}

/** All that a model finds, before it is shortened; for those who show it. */
async function findAll(
  session: ClientSession,
  namespaceUris: readonly string[],
  options: ModelOptions,
  signal?: AbortSignal,
): Promise<Found> {
  switch (options.model) {
    case 'machinetool':
      return findMachineTool(session, namespaceUris, options, signal);
    case 'sinumerik':
      return findSinumerik(session, namespaceUris, options, signal);
    case undefined:
      return NOTHING;
  }
}
