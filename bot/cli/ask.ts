/** Questions on a terminal. Secrets are typed unseen. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from '../../domain/model/failure.ts';

/** Asks one question and gives the answer without the spaces around it. Throws Failure `ask.stopped` when the person leaves. */
export type Ask = (question: string, options?: { secret?: boolean }) => Promise<string>;

/** Asks on these streams, which must be a terminal's: the caller checks. `close` gives the terminal back. */
export function terminalAsk(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): { ask: Ask; close(): void } {
  let hidden = false;
  const shown = new Writable({
    write(chunk: Buffer, _, done) {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: shown, terminal: true });
  const gone = new AbortController(); // without it, a question would wait for ever after Ctrl-C or Ctrl-D
  lines.once('close', () => gone.abort());
  async function ask(question: string, { secret = false } = {}): Promise<string> {
    try {
      const answer = lines.question(question, { signal: gone.signal });
      hidden = secret;
      return (await answer).trim();
    } catch (error) {
      if (gone.signal.aborted) throw new Failure('ask.stopped', 'Stopped: nothing was written.', { cause: error });
      throw error;
    } finally {
      if (hidden) output.write('\n');
      hidden = false;
    }
  }
  return { ask, close: () => lines.close() };
}
