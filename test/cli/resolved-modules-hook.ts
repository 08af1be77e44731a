import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Loaded before a program with `--import`: writes what it resolves to the file that RESOLVED_MODULES names, one a line. */
const file = process.env['RESOLVED_MODULES'];
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    if (file !== undefined) appendFileSync(file, `${specifier} ${resolved.url}\n`);
    return resolved;
  },
});
