import { anything, list, maybe, number, object, reference, text, time } from './openapi-schema.ts';

/** One mark as an MES sends it. */
const JOB_MARK = {
  type: 'object',
  description:
    'Begin or end of work on a job; `withdraw` takes the mark of that id back. The same mark may be sent again and again',
  properties: {
    id: { type: 'string', description: 'Of its own, 1 to 100 letters, digits and _ . : / @ + -' },
    kind: { type: 'string', enum: ['begin', 'end', 'withdraw'] },
    at: { type: 'string', description: 'ISO time with its zone, or ms since 1970' },
    channel: { type: 'string', description: 'Path of the control; left out for the machine as a whole' },
    job: { type: 'string', description: 'Needed at a begin; an end without it ends what is under way' },
    order: text,
    part: text,
    goodParts: { type: 'integer', minimum: 0 },
    scrapParts: { type: 'integer', minimum: 0 },
    massKg: { type: 'number', minimum: 0 },
    volumeCm3: { type: 'number', minimum: 0 },
  },
  required: ['id', 'kind'],
};

/** What the API takes in and gives of jobs. */
export const JOB_SCHEMAS = {
  JobMark: JOB_MARK,
  BookedMark: object({
    mark: anything,
    enteredMs: time,
    by: text,
    withdrawn: maybe(object({ atMs: time, by: text })),
  }),
  JobReport: object({
    site: text,
    machine: text,
    fromMs: time,
    toMs: time,
    knownToMs: time,
    rule: text,
    window: text,
    totalMwh: number,
    allocatedMwh: number,
    unallocatedMwh: number,
    windows: list(anything),
    split: anything,
    remarks: list(anything),
    basis: anything,
  }),
};

/** The description of the one route that takes something in. */
export function describeMarkIntake(parameters: object[]): object {
  const failure = (description: string) => ({
    description,
    content: { 'application/json': { schema: reference('Error') } },
  });
  const content = (schema: object) => ({ content: { 'application/json': { schema } } });
  const mark = reference('JobMark');
  return {
    summary:
      'Begin and end of jobs, as an MES tells them: one, a list, or {marks, by}; at most 1,000, all or none',
    security: [{ marksToken: [] }],
    parameters,
    requestBody: {
      required: true,
      ...content({
        anyOf: [mark, list(mark), { type: 'object', properties: { marks: list(mark), by: text } }],
      }),
    },
    responses: {
      200: {
        description: 'Durably entered; `known` were there already',
        ...content(object({ machine: text, accepted: number, known: number, withdrawn: number })),
      },
      400: failure('Some marks are not as they should be: nothing was entered, each is named'),
      401: failure('The token for marks is missing or wrong'),
      403: failure(
        'This collector has no token for marks and takes none, or it came from a page of another origin',
      ),
      409: failure('Some marks contradict what was told before: nothing was entered, each is named'),
      413: failure('It is larger than 512 KiB'),
      415: failure('It is no JSON'),
      429: failure('Too many wrong tokens, or more marks than a journal should take in a short time'),
      503: failure('It cannot be written now; send it again'),
    },
  };
}
