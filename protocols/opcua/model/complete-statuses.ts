import { browseChildren, HOLDS } from '../browse/browse-children.ts';
import type { BrowseSession, ServerLimits } from '../browse/browse-session.ts';
import { readGoodValues } from '../browse/read-values.ts';
import { findChild } from '../browse/server-node.ts';
import type { TypeNames } from '../browse/type-names.ts';
import type { StatusCandidate } from './candidate.ts';
import type { FoundStatus } from './found.ts';

const OBJECTS_ONLY = { ...HOLDS, classMask: 1 };
const STATES_MAX = 200;

/**
 * Chooses how each state is read. Its text may be in any language ("Läuft"), so its number goes first, then the id of
 * its state, told by the name that the standard gives it, and only then the text.
 */
export async function completeStatuses(
  session: BrowseSession,
  candidates: readonly StatusCandidate[],
  types: TypeNames,
  limits: ServerLimits,
): Promise<{ statuses: FoundStatus[]; remarks: string[] }> {
  const states = candidates.filter(({ isState }) => isState === true);
  const values = await readGoodValues(
    session,
    states.flatMap(({ variable }) =>
      [variable, findChild(variable, 'Number'), findChild(variable, 'Id')]
        .filter((node) => node !== undefined)
        .map(({ nodeId }) => nodeId),
    ),
    limits,
  );
  const names = await readStateNames(session, states, types, limits);
  const remarks: string[] = [];
  const statuses = candidates.map((candidate): FoundStatus => {
    const { variable, point, component, status, name, vocabulary, isState } = candidate;
    const found = (nodeId: string, way: string, words?: Readonly<Record<string, string>>): FoundStatus => ({
      nodeId,
      point: way,
      component,
      status,
      ...(name === undefined ? {} : { name }),
      vocabulary,
      ...(words === undefined ? {} : { words }),
    });
    if (isState !== true) return found(variable.nodeId, point);
    const number = findChild(variable, 'Number');
    const id = findChild(variable, 'Id');
    const words = names.get(candidate) ?? {};
    const isSilent = !values.has(variable.nodeId);
    // A server may have the node and never fill it; while the control is off, nothing is filled.
    if (number !== undefined && (isSilent || typeof values.get(number.nodeId) === 'number'))
      return found(number.nodeId, `${point}/Number`);
    if (
      id !== undefined &&
      (isSilent ? Object.keys(words).length > 0 : String(values.get(id.nodeId)) in words)
    )
      return found(id.nodeId, `${point}/Id`, words);
    remarks.push(
      `${point} is told as text only, in the language of the server: map its words under stateMap where they are not English.`,
    );
    return found(variable.nodeId, point);
  });
  return { statuses, remarks };
}

/** By candidate: the browse name of each state by the state's node id, from the machine's own states and from its type. */
async function readStateNames(
  session: BrowseSession,
  states: readonly StatusCandidate[],
  types: TypeNames,
  limits: ServerLimits,
): Promise<Map<StatusCandidate, Record<string, string>>> {
  const typeIds = (candidate: StatusCandidate) =>
    (types.get(candidate.variable.parent?.type ?? '') ?? []).map(({ nodeId }) => nodeId);
  const asked = [...new Set(states.flatMap(typeIds))].filter((id) => !id.startsWith('ns=0;'));
  const costs = { requests: 0, requestsMax: 10 + asked.length };
  const held = await browseChildren(session, asked, OBJECTS_ONLY, STATES_MAX, limits, costs);
  const byType = new Map(asked.map((id, index) => [id, held[index]?.references ?? []]));
  return new Map(
    states.map((candidate) => [
      candidate,
      Object.fromEntries([
        ...typeIds(candidate).flatMap((id) =>
          (byType.get(id) ?? []).map((reference) => [
            reference.nodeId.toString(),
            reference.browseName.name ?? '',
          ]),
        ),
        ...(candidate.variable.parent?.children ?? [])
          .filter(({ kind }) => kind === 'object')
          .map(({ nodeId, name }) => [nodeId, name]),
      ]) as Record<string, string>,
    ]),
  );
}
