import type { ClientSession } from 'node-opcua';
import { findModel } from '../model/find-model.ts';
import type { Found } from '../model/found.ts';
import { listMachines } from '../model/machine-list.ts';
import { readingOf, statusWordOf } from '../opcua-value.ts';
import { readLimits, type ServerLimits } from './browse-session.ts';
import { findPath } from './find-path.ts';
import { findOtherVariables, type OtherOptions } from './other-variables.ts';
import { readAttributes } from './read-values.ts';
import type { SeenValue, Survey, SurveyedModel } from './survey.ts';

/** What is looked for. */
export interface SurveyOptions extends OtherOptions {
  /** A node id, or browse names below Objects: only what lies below it is looked at, and no model. */
  path?: string | undefined;
}

const OBJECTS = { nodeId: 'ns=0;i=85', path: [] };
const COMPONENT = 'control';

/**
 * Looks at what a server offers: its machines, what models find of them with the values of just now, and other numeric
 * variables. Bounded as all browsing is; what the signal ends is given as far as it was seen.
 */
export async function surveyServer(
  session: ClientSession,
  namespaceUris: readonly string[],
  options: SurveyOptions,
): Promise<Omit<Survey, 'endpoint' | 'isInsecure'>> {
  const { signal, path, onProgress } = options;
  onProgress?.(0);
  const limits = await readLimits(session);
  const start = path === undefined ? OBJECTS : await findPath(session, path, namespaceUris, limits);
  const machines = path === undefined ? await listMachines(session, namespaceUris, limits) : [];
  const models: SurveyedModel[] = [];
  if (path === undefined) {
    const tools = machines.filter(({ isMachineTool }) => isMachineTool);
    const chosen =
      machines.length > 1 ? (tools.length > 0 ? tools : machines).map(({ name }) => name) : [undefined];
    for (const instance of chosen) {
      const found = await findModel(
        session,
        namespaceUris,
        { model: 'machinetool', instance, found: [], component: COMPONENT },
        signal,
      );
      if (offersNothing(found) && machines.length === 0) continue;
      models.push({
        model: 'machinetool',
        ...(instance === undefined ? {} : { instance }),
        found,
        values: await readFound(session, found, limits),
      });
    }
    const sinumerik = await findModel(
      session,
      namespaceUris,
      { model: 'sinumerik', found: [], component: COMPONENT },
      signal,
    );
    if (!offersNothing(sinumerik))
      models.push({
        model: 'sinumerik',
        found: sinumerik,
        values: await readFound(session, sinumerik, limits),
      });
  }
  const known = new Set(
    models.flatMap(({ found }) => [...found.measured, ...found.statuses].map(({ nodeId }) => nodeId)),
  );
  const other = await findOtherVariables(session, start, known, namespaceUris, limits, options);
  return {
    machines,
    models,
    others: other.others,
    othersLeft: other.left,
    start: start.path,
    remarks: other.remarks,
    isCut: signal?.aborted === true,
  };
}

function offersNothing({ measured, statuses }: Found): boolean {
  return measured.length + statuses.length === 0;
}

async function readFound(
  session: ClientSession,
  { measured, statuses }: Found,
  limits: ServerLimits,
): Promise<Map<string, SeenValue>> {
  const ids = [...measured, ...statuses].map(({ nodeId }) => nodeId);
  const values = await readAttributes(session, ids, 'value', limits);
  return new Map(
    ids.map((nodeId, index): [string, SeenValue] => {
      const value = values[index];
      if (index < measured.length) return [nodeId, readingOf(value)];
      const word = statusWordOf(value, statuses[index - measured.length]?.words);
      return [nodeId, { value: word, quality: word === null ? 'bad' : 'good' }];
    }),
  );
}
