/**
 * The web chat's one-time links and sessions in MongoDB: who holds a token is who it was made for. Only sha256 digests
 * are stored.
 */
import { createHash, randomBytes } from 'node:crypto';
import mongoose, { type Connection, type IndexDefinition, type IndexOptions, type Model } from 'mongoose';
import type { PersonId, TenantId } from '../../domain/model/ids.ts';
import { schemaOptions } from './record.ts';

type Doc = { _id: string; tenant: string; kind: 'link' | 'session'; person: string; expiresAt: Date };

/** The database forgets what has expired, within a minute or so; until then queries look at the time themselves. */
export const webSessionIndexes: readonly [IndexDefinition, IndexOptions][] = [
  [{ expiresAt: 1 }, { expireAfterSeconds: 0 }],
];

/** The mongoose model on this connection; asking twice gives the same one. */
export function webSessionModel(connection: Connection): Model<Doc> {
  const known = connection.models['webSessions'];
  if (known) return known as unknown as Model<Doc>; // only this function makes a model of this name
  const schema = new mongoose.Schema<Doc>(
    { _id: String, tenant: String, kind: String, person: String, expiresAt: Date },
    { ...schemaOptions, collection: 'webSessions' },
  );
  for (const [fields, how] of webSessionIndexes) schema.index(fields, how);
  return connection.model<Doc>('webSessions', schema);
}

/** A token is 256 random bits: a plain digest is enough, there is nothing to guess. */
const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

/** A tenant's links and sessions: the WebSessions port of bot/web/ports.ts. Throws whatever the driver throws. */
export function webSessions(connection: Connection, tenant: TenantId) {
  const model = webSessionModel(connection);
  const valid = (kind: Doc['kind'], token: string) => ({
    _id: digest(token),
    tenant,
    kind,
    expiresAt: { $gt: new Date() },
  });
  async function issue(kind: Doc['kind'], person: string, ttlMs: number): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await model.create({ _id: digest(token), tenant, kind, person, expiresAt: new Date(Date.now() + ttlMs) });
    return token;
  }
  async function holder(kind: Doc['kind'], token: string): Promise<PersonId | null> {
    const found = await model.findOne(valid(kind, token)).lean<Doc>();
    return found && (found.person as PersonId); // written by issueLink, which takes a PersonId
  }
  return {
    issueLink: (person: PersonId, ttlMs: number): Promise<string> => issue('link', person, ttlMs),
    peek: (link: string) => holder('link', link),
    async redeem(link: string, ttlMs: number): Promise<{ token: string; person: PersonId } | null> {
      const used = await model.findOneAndDelete(valid('link', link)).lean<Doc>();
      if (!used) return null;
      return { token: await issue('session', used.person, ttlMs), person: used.person as PersonId }; // as above
    },
    person: (token: string) => holder('session', token),
    async end(token: string): Promise<void> {
      await model.deleteOne({ _id: digest(token), tenant, kind: 'session' });
    },
  };
}
