/** `device prepare`: installs the root helper, and the one sudo rule that lets the device's user call it, over a login that has root. */
import type { Backend, Visit } from '../../domain/backends/backend.ts';
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { OpId } from '../../domain/model/ids.ts';
import type { DeviceSession, RunOutcome } from '../../domain/ports.ts';
import { PAYLOAD_MARK, prepareScript } from './prepare-script.ts';

/**
 * `changed` is empty when all was in place already. Refusals: `prepare.no-root` (no way to root), `prepare.bad-user` (not a name for
 * sudoers), `prepare.no-sudo`, `prepare.bad-sudoers` (visudo said no), `prepare.unsafe-directory` (somebody else could replace the
 * helper), `prepare.no-answer` (installed, but the helper cannot be called), `prepare.lost` (safe to repeat), `prepare.failed`.
 */
export type PrepareReport =
  | { readonly kind: 'ready'; readonly version: string; readonly changed: readonly string[] }
  | { readonly kind: 'refused'; readonly code: `prepare.${string}`; readonly text: string };

/** Who the session is on the device, and how it does something as root: `prefix` before the program, `stdin` before its input. */
type Login = { readonly user: string; readonly prefix: readonly string[]; readonly stdin: string };

const LIMIT = { timeoutMs: 60_000 };
/** An id that was never used: the helper answers that it does not know it, which proves that it can be called. */
const CHECK_ID = 'prepare-check' as OpId;

/**
 * Prepares `device` over `session`, which is logged in as root, as a user with sudo, or as the device's own user. `sudoPassword` is for
 * a sudo that asks: it goes over standard input, once for each visit, and is kept nowhere. `say` gets a line per step. Safe to repeat.
 */
export async function prepareDevice(
  session: DeviceSession,
  backend: Backend,
  device: Device,
  say: (line: string) => void,
  sudoPassword?: string,
): Promise<PrepareReport> {
  try {
    const rule = device.become === 'sudo' ? sudoRule(device.user, backend.helper.path) : '';
    const login = await findRoot(session, device, sudoPassword);
    say(`${device.name}: installing ${backend.helper.path} ${backend.helper.version}`);
    const changed = await install(session, backend, login, rule);
    say(`${device.name}: calling the helper as ${device.user}`);
    await callHelper(session, backend, device, login);
    return { kind: 'ready', version: backend.helper.version, changed };
  } catch (refusal) {
    if (refusal instanceof Refused)
      return { kind: 'refused', code: refusal.code, text: `${device.name}: ${refusal.message}` };
    throw refusal;
  }
}

/** Leaves the steps early; never leaves this file. */
class Refused extends Error {
  readonly code: `prepare.${string}`;
  constructor(code: `prepare.${string}`, text: string) {
    super(text);
    this.code = code;
  }
}

/**
 * The sudoers fragment. `""` allows the helper without arguments only. use_pty keeps the helper off the caller's terminal (sudo 1.9.13
 * still hands over piped input, and work that the helper detached lives on); !requiretty because SSH gives none. Throws Refused.
 */
function sudoRule(user: string, helper: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(user) || user === 'ALL') {
    throw new Refused(
      'prepare.bad-user',
      `"${user}" is not a user name that sudo takes: letters, digits, dot, dash, underscore.`,
    );
  }
  if (!/^(\/[A-Za-z0-9_-]+)+$/.test(helper)) throw new Error(`helper path ${helper}`);
  const path = 'secure_path="/usr/sbin:/usr/bin:/sbin:/bin"';
  return `# Written by patchherd: docs/sudoers.md says why.\nDefaults!${helper} env_reset, !setenv, use_pty, !requiretty, ${path}\n${user} ALL=(root) NOPASSWD: ${helper} ""\n`;
}

/** The first of: being root already (or in a private root, where nothing belongs to root), sudo without a password, sudo with it. */
async function findRoot(session: DeviceSession, device: Device, password: string | undefined): Promise<Login> {
  const asked = await visit(session, { argv: ['sh', '-c', 'id -u; id -un; echo "private:$DPKG_ROOT"'] });
  const [id, name = '', privateRoot = ''] = asked.stdout.split('\n');
  if (privateRoot.length > 'private:'.length) return { user: device.user, prefix: [], stdin: '' };
  if (id === '0') return { user: name, prefix: [], stdin: '' };
  const free = await visit(session, { argv: ['sudo', '-n', '--', 'true'] });
  if (free.code === 0) return { user: name, prefix: ['sudo', '-n', '--'], stdin: '' };
  if (password !== undefined && !/[\n\0]/.test(password)) {
    const login = { user: name, prefix: ['sudo', '-k', '-S', '-p', '', '--'], stdin: `${password}\n` };
    const paid = await visit(session, { argv: [...login.prefix, 'true'], stdin: login.stdin });
    if (paid.code === 0) return login;
  }
  const needs =
    password === undefined ? 'Log in as root once, or give the sudo password' : 'The sudo password was refused';
  throw new Refused('prepare.no-root', `${name} cannot become root. ${needs}. sudo said: ${free.stderr.trim()}`);
}

async function install(
  session: DeviceSession,
  backend: Backend,
  login: Login,
  rule: string,
): Promise<readonly string[]> {
  const { path, script } = backend.helper;
  const size = String(Buffer.byteLength(script));
  const answer = await visit(session, {
    argv: [...login.prefix, 'sh', '-c', prepareScript, 'patchherd-prepare', path, size, rule],
    stdin: `${login.stdin}${PAYLOAD_MARK}\n${script}`,
  });
  const lines = answer.stdout.trim().split('\n');
  const [word, code, ...detail] = lines.at(-1)?.split(' ') ?? [];
  if (word === 'refused') throw new Refused(`prepare.${code}`, refusalText(code ?? '', detail.join(' ')));
  if (word !== 'done')
    throw new Refused('prepare.failed', `the device said: ${answer.stderr.trim() || answer.stdout.trim()}`);
  return lines.filter((line) => line.startsWith('changed ')).map((line) => line.slice('changed '.length));
}

function refusalText(code: string, detail: string): string {
  switch (code) {
    case 'unsafe-directory':
      return `others than root may write to ${detail} and so replace the helper. Take that right away: chown root ${detail} && chmod go-w ${detail}`;
    case 'no-sudo':
      return `${detail}: install sudo there, or let patchherd log in as root (become: none).`;
    case 'bad-sudoers':
      return `visudo refused the rule, nothing was changed in sudoers: ${detail}`;
    default:
      return detail;
  }
}

/** Calls the helper the way a deployment will: as the device's user, by the rule that was just installed. Throws Refused. */
async function callHelper(session: DeviceSession, backend: Backend, device: Device, login: Login): Promise<void> {
  const order = backend.order({ op: 'poll', id: CHECK_ID }, device.become);
  const asOther = [...login.prefix, 'sudo', '-n', '-u', device.user, '--', ...order.argv];
  const own = login.user === device.user;
  const called = await visit(session, own ? order : { argv: asOther, stdin: login.stdin + (order.stdin ?? '') });
  try {
    const answer = backend.readAnswer(called.stdout);
    if (answer.kind === 'unknown-op') return;
    throw new Refused('prepare.no-answer', `the helper answered the check with ${JSON.stringify(answer)}.`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const said = called.stderr.trim() || called.stdout.trim() || `exit code ${called.code}`;
    throw new Refused('prepare.no-answer', `the helper is installed but ${device.user} cannot call it: ${said}`);
  }
}

/** A visit that must come to its end. Throws Refused `prepare.lost`. */
async function visit(session: DeviceSession, what: Visit): Promise<RunOutcome & { kind: 'exited' }> {
  const outcome = await session.run(what, LIMIT);
  if (outcome.kind === 'exited') return outcome;
  throw new Refused('prepare.lost', `the visit broke off (${outcome.because}). It is safe to prepare again.`);
}
