/** `patchherd init`: writes a first settings file by asking. Every answer is judged by the settings' own rules as it is given. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../domain/model/failure.ts';
import type { Ask } from './ask.ts';
import { draft, fileText } from './init-draft.ts';
import { type AnswerName, type Answers, basics, platforms, type Question } from './init-questions.ts';

export type InitOptions = {
  /** Path of the settings file to write. */
  readonly out: string;
  /** null = nobody is there to be asked: everything must be in `given`. */
  readonly ask: Ask | null;
  readonly say: (line: string) => void;
  /** Answers from flags of the same names. */
  readonly given?: Answers;
  /** Replace an existing file without asking. */
  readonly overwrite?: boolean;
  /** The settings' own judgement of raw settings. */
  readonly check: (raw: Readonly<Record<string, unknown>>) => readonly { path: string; message: string }[];
};

/**
 * Asks, checks, writes (mode 0600) and says what comes next. False: nothing was written, and `say` has said why. Failures:
 * `settings.unwritable`, and those of `ask`.
 */
export async function init(options: InitOptions): Promise<boolean> {
  const { out, ask, say, check } = options;
  if (!(await mayWrite(options))) return false;
  const answers = ask ? await interview(ask, options) : unattended(options);
  if (!answers) return false;
  const left = check(draft(answers));
  if (left.length > 0) {
    for (const { path, message } of left) say(`${path} ${message}`);
    say('Nothing was written.');
    return false;
  }
  write(out, fileText(answers));
  say(next(out, answers.device ?? ''));
  return true;
}

async function mayWrite({ out, ask, say, overwrite = false }: InitOptions): Promise<boolean> {
  if (!existsSync(out) || overwrite) return true;
  if (!ask) {
    say(`${out} exists already: give --overwrite, or another path with --out. Nothing was written.`);
    return false;
  }
  if (/^y(es)?$/i.test(await ask(`${out} exists already. Replace it? (yes/no) [no] `))) return true;
  say('Nothing was written.');
  return false;
}

const problemOf = ({ path }: Question, answers: Answers, { check }: InitOptions): string | undefined =>
  check(draft(answers)).find((problem) => problem.path === path)?.message;

/** Asks one question until the settings accept the answer. */
async function answer(question: Question, before: Answers, ask: Ask, options: InitOptions): Promise<Answers> {
  const usual = question.usual?.(before);
  for (let value = options.given?.[question.name]; ; value = undefined) {
    const prompt = `${question.text}${usual ? ` [${usual}]` : ''}: `;
    const given: string = value ?? ((await ask(prompt, { secret: question.secret ?? false })) || usual || '');
    const answers = { ...before, [question.name]: given };
    const problem = problemOf(question, answers, options);
    if (problem === undefined) return answers;
    options.say(`  That ${problem}`);
  }
}

async function interview(ask: Ask, options: InitOptions): Promise<Answers> {
  options.say('A few questions. Enter takes what is in [brackets]; everything can be changed in the file later.');
  let answers: Answers = {};
  for (const question of basics) answers = await answer(question, answers, ask, options);
  for (const [platform, questions] of Object.entries(platforms)) {
    const wanted = questions.some(({ name }) => options.given?.[name] !== undefined);
    if (!wanted && !/^y(es)?$/i.test(await ask(`Connect ${platform} now? The web chat works without. (yes/no) [no] `)))
      continue;
    for (const question of questions) answers = await answer(question, answers, ask, options);
  }
  return answers;
}

/** Takes the flags and the usual answers; says every flag that is missing. */
function unattended({ given = {}, say }: InitOptions): Answers | null {
  const answers: Partial<Record<AnswerName, string>> = { ...given };
  for (const { name, usual } of basics) if (usual) answers[name] ??= usual(answers);
  const missing = basics.filter(({ name }) => answers[name] === undefined);
  if (missing.length === 0) return answers;
  say(
    `This is not a terminal, so these flags are needed: ${missing.map(({ name }) => `--${name}`).join(' ')}. Nothing was written.`,
  );
  return null;
}

function write(out: string, text: string): void {
  const draftPath = `${out}.new`;
  try {
    mkdirSync(dirname(out), { recursive: true });
    rmSync(draftPath, { force: true });
    writeFileSync(draftPath, text, { mode: 0o600, flag: 'wx' });
    renameSync(draftPath, out);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure('settings.unwritable', `${out} cannot be written (${why}): choose another path with --out.`, {
      cause: error,
    });
  }
}

const next = (out: string, device: string): string => `Written to ${out}, readable by you alone. Next:
  patchherd start --config ${out}
      leave it running; it prints a login link to the web chat
and in another shell:
  patchherd device accept-key ${device} --config ${out}
      shows the host key of ${device}; accept it when it is the right one
  patchherd device prepare ${device} --config ${out}
      installs the root helper and has ${device} scanned; --ask-password when sudo asks
  patchherd doctor --config ${out}
      tries all of it`;
