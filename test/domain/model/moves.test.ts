import { describe, expect, it } from 'vitest';
import {
  deploymentMoves,
  endStates,
  inFlight,
  moveDeployment,
  opId,
  unfinished,
} from '../../../domain/model/deployment.ts';
import type { RolloutId } from '../../../domain/model/ids.ts';
import { moveRollout, rolloutMoves } from '../../../domain/model/rollout.ts';
import { moveWorkOrder, workOrderId, workOrderMoves } from '../../../domain/model/work-order.ts';
import { moveWorkaround, subjectName, workaroundMoves } from '../../../domain/model/workaround.ts';
import { deployment, noon, rollout, workaround, workOrder } from '../make.ts';

type Table = Record<string, Partial<Record<string, string>>>;
/** Every state can be reached from the first one, every target is a state, and the ends have no way out. */
function soundness(table: Table, first: string, ends: readonly string[]): void {
  const reached = new Set([first]);
  for (const state of reached) for (const next of Object.values(table[state] ?? {})) if (next) reached.add(next);
  expect([...reached].sort()).toEqual(Object.keys(table).sort());
  for (const end of ends) expect(table[end]).toEqual({});
}

describe('the moves of a deployment', () => {
  it('reach every state, and end', () => {
    soundness(deploymentMoves as Table, 'waiting', ['rolled-back', 'skipped', 'cancelled']);
  });

  it('never lead from in flight to an end without an outcome', () => {
    for (const state of inFlight) {
      const targets = Object.values(deploymentMoves[state]);
      expect(targets).not.toContain('cancelled');
      expect(targets).not.toContain('skipped');
    }
  });

  it('cover every state as unfinished or an end', () => {
    expect([...unfinished, ...endStates].sort()).toEqual(Object.keys(deploymentMoves).sort());
  });

  it('clear the blocker when it really starts, and the crash counter at each step', () => {
    const blocker = { kind: 'window' as const, text: 'later', until: noon };
    const moved = moveDeployment(deployment('web-1', { state: 'preparing', blocker, crashes: 3 }), 'ready');
    expect(moved).toMatchObject({ ok: true, value: { state: 'installing', blocker: null, crashes: 0, rev: 2 } });
  });

  it('mark an end as not settled yet', () => {
    const moved = moveDeployment(deployment('web-1', { state: 'verifying' }), 'healthy');
    expect(moved).toMatchObject({ ok: true, value: { state: 'succeeded', settled: false } });
  });

  it('refuse what is not in the table', () => {
    const moved = moveDeployment(deployment('web-1', { state: 'installing' }), 'cancel');
    expect(moved).toEqual({
      ok: false,
      error: { code: 'deployment.no-such-move', device: 'web-1', state: 'installing' },
    });
  });

  it('name an op by attempt and step, so that a worker that resumes orders nothing twice', () => {
    expect(opId(deployment('web-1', { attempt: 2 }), 'install')).toBe('r-1-2.d-web-1.2.install');
  });
});

describe('the moves of a rollout', () => {
  it('reach every state, and end', () => {
    soundness(rolloutMoves as Table, 'scheduled', ['rolled-back', 'cancelled']);
  });

  it('let a halted rollout resume', () => {
    expect(moveRollout(rollout({ state: 'halted' }), 'resume')).toMatchObject({
      ok: true,
      value: { state: 'deploying' },
    });
  });

  it('refuse to start a cancelled one', () => {
    expect(moveRollout(rollout({ state: 'cancelled' }), 'start')).toMatchObject({ ok: false });
  });
});

describe('the moves of a work order', () => {
  it('reach every state, and end', () => {
    soundness(workOrderMoves as Table, 'open', ['closed', 'withdrawn']);
  });

  it('close only what was resolved', () => {
    expect(moveWorkOrder(workOrder({ state: 'claimed' }), 'close')).toMatchObject({ ok: false });
    expect(moveWorkOrder(workOrder({ state: 'resolved' }), 'close')).toMatchObject({ ok: true });
  });

  it('have one order for the same fault on two devices, whatever the numbers in its text', async () => {
    const id = (text: string, name: string) => workOrderId('r-1-2' as RolloutId, text, name);
    expect(await id('db-1 failed after 12 s with code 100', 'db-1')).toBe(
      await id('db-2 failed after 9 s with code 100', 'db-2'),
    );
    expect(await id('disk full', 'db-1')).not.toBe(await id('postinst failed', 'db-1'));
  });
});

describe('the moves of a workaround', () => {
  it('reach every state, and end', () => {
    soundness(workaroundMoves as Table, 'active', ['expired', 'ended']);
  });

  it('bring none back that is over', () => {
    for (const state of ['expired', 'ended'] as const) {
      expect(moveWorkaround(workaround({ state }), 'end')).toEqual({
        ok: false,
        error: { code: 'workaround.no-such-move', state },
      });
    }
  });

  it('are of a subject with a name that people know', () => {
    expect([subjectName('CVE-2026-1001'), subjectName('debian:12/acme-agent=1.1')]).toEqual([
      'CVE-2026-1001',
      'acme-agent 1.1',
    ]);
  });
});
