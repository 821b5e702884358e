/** What ids, package names and versions of advisories may look like: whatever else a feed writes there is left out. */

/** An advisory's id: no blanks, nothing that a shell, a URL or a chat takes for its own. */
export const isId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9:._+-]{0,99}$/.test(text);

/** A package name of deb (Policy 5.6.7), rpm or apk. */
export const isPackage = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(text);

/** The characters that versions of deb (Policy 5.6.12), rpm and apk are made of. Whether they can be compared is another question. */
export const isVersion = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9.+~^:_-]{0,199}$/.test(text);
