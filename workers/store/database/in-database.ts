/** Names the database in a MongoDB URI. */

/**
 * The same server, with the database `name`; options stay. Not by the URL class: a host that is a socket's path (`%2F...`), or a list
 * of hosts, is not one for it.
 */
export const inDatabase = (uri: string, name: string): string =>
  uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${name}`);
