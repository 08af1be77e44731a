/** The data model that is written, as its own example names it. */
export const CATENA_X_SPEC_VERSION = 'urn:io.catenax.pcf:datamodel:version:9.0.0';

/** What stands where a question does not arise. */
export const NOT_APPLICABLE = 'not applicable';

/** What stands where no one set of warming potentials can be named. */
export const GWP_NOT_STATED = 'unspecified';
