import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { DECIDERS } from '../energy/state-span.ts';

// The few schemas of which the description of the API is made.

/** A moment. */
export const time = { type: 'integer', description: 'ms since 1970-01-01T00:00:00Z' };

/** Any text. */
export const text = { type: 'string' };

/** Any number. */
export const number = { type: 'number' };

/** An object of which the description says no more. */
export const anything = { type: 'object' };

/** One of the operating states. */
export const state = { type: 'string', enum: [...OPERATING_STATES] };

/** A state and what decided it: properties of an object. */
export const decision = {
  state,
  decider: { type: 'string', enum: [...DECIDERS] },
  basis: { type: 'string', description: 'What decided, in the words of its source; empty where nothing did' },
};

/** This, or null where it is not known. */
export const maybe = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });

/** An object that has all of these properties. */
export const object = (properties: Record<string, object>, description = '') => ({
  type: 'object',
  ...(description === '' ? {} : { description }),
  properties,
  required: Object.keys(properties),
});

/** Any number of these. */
export const list = (items: object) => ({ type: 'array', items });

/** One of these for each operating state. */
export const byState = (each: object) =>
  object(Object.fromEntries(OPERATING_STATES.map((name) => [name, each])));

/** One of these for each name that occurs. */
export const byName = (each: object) => ({ type: 'object', additionalProperties: each });

/** A schema of the document by its name. */
export const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
