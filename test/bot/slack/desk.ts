/** A desk for tests of a platform: answers as told, and keeps what it was handed. */
import type { CommandIn, Desk, PressIn, Reply } from '../../../bot/handlers/press.ts';
import type { Log } from '../../../domain/ports.ts';

export type RecordingDesk = Desk & { presses: PressIn[]; commands: CommandIn[]; answer: () => Promise<Reply> };

/** Says "Done." until `answer` is replaced. */
export function recordingDesk(): RecordingDesk {
  const presses: PressIn[] = [];
  const commands: CommandIn[] = [];
  return {
    presses,
    commands,
    answer: async () => ({ ok: true, text: 'Done.' }),
    async press(press) {
      presses.push(press);
      return this.answer();
    },
    async command(command) {
      commands.push(command);
      return this.answer();
    },
    suggest: async () => [],
    form: () => null,
    verbs: [{ name: 'list', summary: 'What is open', options: [] }],
  };
}

export type RecordingLog = Log & { lines: { level: string; event: string; fields: Record<string, unknown> }[] };

export function recordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = [];
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level, event, fields });
    };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}
