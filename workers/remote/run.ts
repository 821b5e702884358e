/** One command on one SSH connection. Turns every way in which it can end into one RunOutcome. */
import type { ClientChannel } from 'ssh2';
import type { DeviceSession, RunOutcome } from '../../domain/ports.ts';
import type { Connection } from './connection.ts';
import type { SshLimits } from './limits.ts';
import { type KeptOutput, keepOutput } from './output.ts';
import type { ShellLine } from './quote.ts';

export class Run {
  readonly #connection: Connection;
  readonly #limits: SshLimits;
  readonly #stdout: KeptOutput;
  readonly #stderr: KeptOutput;
  #channel: ClientChannel | null = null;
  #began = false;
  #ended = false;
  #resolve: (outcome: RunOutcome) => void = () => {};

  constructor(connection: Connection, limits: SshLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#stdout = keepOutput(limits.stdoutBytes);
    this.#stderr = keepOutput(limits.stderrBytes);
  }

  /**
   * Runs `line` with `stdin`, once. `timeoutMs` counts from now, waiting for a place included; an abort ends the run like its time
   * limit does. Never rejects.
   */
  outcome(line: ShellLine, stdin: string, limit: Parameters<DeviceSession['run']>[1]): Promise<RunOutcome> {
    const { timeoutMs, signal } = limit;
    return new Promise<RunOutcome>((resolve) => {
      const stop = () => this.#giveUp('timed-out');
      const timer = setTimeout(stop, timeoutMs);
      signal?.addEventListener('abort', stop);
      this.#resolve = (outcome) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        resolve(outcome);
      };
      if (signal?.aborted) stop();
      else this.#connection.take(() => this.#begin(line, stdin));
    });
  }

  #begin(line: ShellLine, stdin: string): void {
    if (this.#ended) {
      this.#connection.leave(); // its time was up before its turn came
      return;
    }
    this.#began = true;
    try {
      this.#connection.client.exec(line, (error, channel) => {
        if (error) this.#refused();
        else this.#talk(channel, stdin);
      });
    } catch {
      this.#unknown('lost'); // ssh2 throws when the socket is closed already
    }
  }

  /** ssh2 words a refused command and a vanished device alike: claim neither, and take a new connection next time. */
  #refused(): void {
    this.#connection.retire();
    this.#unknown('lost');
  }

  #talk(channel: ClientChannel, stdin: string): void {
    this.#channel = channel;
    channel.on('error', () => {}); // writing to a command that reads no further; its end tells all
    channel.on('data', (chunk: Buffer) => this.#keep(this.#stdout, chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.#keep(this.#stderr, chunk));
    channel.on('close', (code?: number | null, signal?: string) => {
      // without the device's own goodbye the exit code may be known and the output still be cut off
      if (typeof code === 'number' && !this.#connection.gone) this.#exited(code);
      else this.#unknown(signal ? 'killed' : 'lost');
    });
    if (this.#ended) channel.close();
    else channel.end(stdin);
  }

  #keep(output: KeptOutput, chunk: Buffer): void {
    if (this.#ended) return;
    output.add(chunk);
    if (this.#stdout.seen() + this.#stderr.seen() > this.#limits.floodBytes) this.#giveUp('killed');
  }

  /** sshd may keep the place of an abandoned command until that exits, so the connection takes no more after this. */
  #giveUp(because: 'timed-out' | 'killed'): void {
    if (this.#began && !this.#ended) this.#connection.retire();
    this.#channel?.close();
    this.#unknown(because);
  }

  #exited(code: number): void {
    const cut = this.#stdout.cut() || this.#stderr.cut();
    this.#end({ kind: 'exited', code, stdout: this.#stdout.text(), stderr: this.#stderr.text(), cut });
  }

  #unknown(because: 'lost' | 'killed' | 'timed-out'): void {
    this.#end({ kind: 'unknown', because, stdout: this.#stdout.text(), stderr: this.#stderr.text() });
  }

  #end(outcome: RunOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#resolve(outcome);
    if (this.#began) this.#connection.leave();
  }
}
