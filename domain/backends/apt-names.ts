/** Which texts may be package names, versions and architectures. Everything else never reaches a device. */
import { Failure } from '../model/failure.ts';

/** dpkg's rule (Debian policy 5.6.1) with a length limit; `:arch` only where a package of another architecture is meant. */
const packageName = /^[a-z0-9][a-z0-9+.-]{1,127}(?::[a-z0-9][a-z0-9-]{0,31})?$/;
/** Debian policy 5.6.12. A leading digit keeps options such as `-o` out. */
const version = /^(?:[0-9]{1,9}:)?[0-9][A-Za-z0-9.+~:-]{0,199}$/;

/** True for a package name as dpkg accepts it, with or without `:arch`. */
export const isPackageName = (text: string): boolean => packageName.test(text);

/** True for a version that is safe in `package=version`. */
export const isVersion = (text: string): boolean => version.test(text);

/** Throws Failure `package.bad-name` unless both may be put into an order for a device. */
export function demandPackage(name: string, wanted: string | null): void {
  if (!isPackageName(name)) {
    throw new Failure(
      'package.bad-name',
      `${JSON.stringify(name)} is not a package name: letters a-z, digits, + . - only.`,
    );
  }
  if (wanted !== null && !isVersion(wanted)) {
    throw new Failure(
      'package.bad-name',
      `${JSON.stringify(wanted)} is not a version of ${name}: it must start with a digit.`,
    );
  }
}
