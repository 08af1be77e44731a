import { findProfileFaults } from './profile-faults.ts';
import { profileKeys } from './profile-schema.ts';

/** The one declaration of a device profile file: validation and defaults, all faults of the file at once. */
export const profileFile = profileKeys.superRefine((file, context) => {
  for (const { path, message, cure } of findProfileFaults(file))
    context.addIssue({ code: 'custom', path, message, params: { cure } });
});
