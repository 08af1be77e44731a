/** Name of the published JSON Schema of a footprint record of version 1. */
export const RECORD_SCHEMA_ID = 'urn:millwatt:footprint-record:1:schema';
