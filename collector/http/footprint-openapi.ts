import { EXPORT_FORMATS } from '../exports/export-formats.ts';
import { reference, text } from './openapi-schema.ts';

const failure = (description: string) => ({
  description,
  content: { 'application/json': { schema: reference('Error') } },
});

const asked = (name: string, description: string, schema: object = text) => ({
  name,
  in: 'query',
  required: false,
  description,
  schema,
});

const DIGEST = {
  ETag: { description: 'Of the content; of a Parquet file, of the hours in it', schema: text },
  'Content-Disposition': { description: 'The name that `millwatt export` gives the file', schema: text },
  'Repr-Digest': {
    description: 'SHA-256 of the content (RFC 9530); of a Parquet file in the trailer',
    schema: text,
  },
};

const bytes = { schema: { type: 'string', format: 'binary' } };

/** What `/api/v1/footprints/{format}` answers, for the description of the API. */
export const FOOTPRINT_EXPORT = {
  get: {
    summary:
      'The footprint of a machine, line, model, job or part over a period: the file that `millwatt export` writes',
    parameters: [
      {
        name: 'format',
        in: 'path',
        required: true,
        description: Object.entries(EXPORT_FORMATS)
          .map(([format, what]) => `${format}: ${what}`)
          .join('; '),
        schema: { type: 'string', enum: Object.keys(EXPORT_FORMATS) },
      },
      asked('machine', 'Of this machine-hour; with part or job, the machine that made it'),
      asked('line', 'Of the machine-hours of a line, as under footprint.lines'),
      asked('model', 'Of a typical unit of a model, by its machines as under footprint.models'),
      asked('job', 'Of a job of the machine'),
      asked('part', 'Of a part that the machine made'),
      asked('from', 'Begin: a time, or a day of the calendar of the site; 30 days before `to` without'),
      asked('to', 'End; now without. At most 366 days'),
      asked('issue', 'How-manieth issue of the same record: 2 replaces 1', {
        type: 'integer',
        minimum: 1,
        maximum: 999_999,
        default: 1,
      }),
    ],
    responses: {
      200: {
        description: 'The file',
        headers: DIGEST,
        content: {
          'application/json': { schema: { type: 'object' } },
          'text/csv': { schema: text },
          'application/zip': bytes,
          'application/vnd.apache.parquet': bytes,
          ...(Object.hasOwn(EXPORT_FORMATS, 'html') ? { 'text/html': { schema: text } } : {}),
        },
      },
      304: { description: 'The same content as If-None-Match names' },
      400: failure('A parameter cannot be used, or two views of one energy are asked for at once'),
      401: failure('The token is missing or wrong'),
      404: failure('No such format, machine, line, model, job or part, or nothing is declared of footprints'),
      422: failure(
        'There is no such footprint: nothing was metered, or the format demands what nobody declared',
      ),
      500: failure('What was made does not pass its own check'),
      503: failure('Too many ask at once'),
    },
  },
};
