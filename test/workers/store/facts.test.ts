import { describe, expect, it } from 'vitest';
import { factsOf, together, type Writes, writeAll } from '../../../workers/store/facts.ts';
import { newDatabase } from '../../database.ts';

type Doc = { _id: string; text: string };
const database = newDatabase();
const collection = (name: string) => factsOf<Doc>(database().connection, name);
const inserts = (text: string, from: number, to: number): Writes<Doc> =>
  Array.from({ length: to - from }, (_, at) => ({ insertOne: { document: { _id: `${from + at}`, text } } }));
/** The driver refuses it before anything is sent. */
const endless: Doc & { itself?: Doc } = { _id: 'endless', text: 'bad' };
endless.itself = endless;

describe('a batch of facts', () => {
  it('is written whole, also over what somebody else has inserted before, wherever in the batch that is', async () => {
    const docs = collection('whole');
    await writeAll(docs, inserts('theirs', together / 2 - 30, together / 2 + 30));
    await writeAll(docs, inserts('ours', 0, together));
    expect(await docs.countDocuments({ text: 'ours' })).toBe(together);
    expect(await docs.countDocuments({})).toBe(together);
  });

  it('that fails in one place has ended everywhere: whoever is told can rely on what is there', async () => {
    const docs = collection('broken');
    const bad = { insertOne: { document: endless } };
    await expect(writeAll(docs, [bad, ...inserts('fine', 0, together - 1)])).rejects.toThrow();
    expect(await docs.countDocuments({})).toBe((together * 3) / 4); // of four portions that are written at the same time
  });
});
