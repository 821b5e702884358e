import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { endProcesses, processesOf } from '../../demo/processes.ts';

it('misses no process, also not one that is in the middle of its start', async () => {
  const root = `/no/such/directory/${process.pid}`;
  const env = { ...process.env, DPKG_ROOT: root };
  for (let round = 0; round < 10; round++) {
    const starts = 'for n in $(seq 60); do setsid sleep 1000 >/dev/null 2>&1 & echo $!; done';
    const { stdout } = await promisify(execFile)('sh', ['-c', starts], { env });
    expect(await processesOf(root)).toEqual(expect.arrayContaining(stdout.trim().split('\n').map(Number)));
    await endProcesses(root, 0);
    expect(await processesOf(root)).toEqual([]);
  }
});
