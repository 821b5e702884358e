/** The apt backend: Debian, Ubuntu and what is made from them. */
import { Failure } from '../model/failure.ts';
import type { Backend } from './backend.ts';
import { compareDeb } from './versions/deb.ts';

const unreadable = (): never => {
  throw new Failure('scan.unreadable', 'Being written.');
};

export const apt: Backend = {
  id: 'apt',
  fits: ({ id, like }) => [id, ...like].some((name) => name === 'debian' || name === 'ubuntu'),
  scan: (seenStamp) => ({ argv: ['sh', '-s', '--', seenStamp ?? '-'], stdin: '' }),
  readScan: unreadable,
  simulate: () => ({ argv: ['sh', '-s'], stdin: '' }),
  readSimulations: unreadable,
  order: (order, become) => ({
    argv: become === 'sudo' ? ['sudo', '-n', '/usr/local/lib/patchherd/helper'] : ['/usr/local/lib/patchherd/helper'],
    stdin: JSON.stringify(order),
  }),
  readAnswer: unreadable,
  helper: { path: '/usr/local/lib/patchherd/helper', version: '1', script: '' },
  compareVersions: compareDeb,
};
