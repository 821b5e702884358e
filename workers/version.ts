/** Which patchherd this is, for those whom it asks. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in package.json, which is above this file by one level more when it was built. 'unknown' when it is not there. */
export function version(): string {
  let place = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < 3; level++) {
    place = dirname(place);
    try {
      const { name, version: found } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Package;
      if (name === 'patchherd' && typeof found === 'string') return found;
    } catch {
      // Not on this level.
    }
  }
  return 'unknown';
}

type Package = { readonly name?: unknown; readonly version?: unknown };
