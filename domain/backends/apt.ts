/** The apt backend: Debian, Ubuntu and what is made from them. */
import { readAnswer } from './apt-answer.ts';
import { aptHelper } from './apt-helper.ts';
import { demandPackage } from './apt-names.ts';
import { scan } from './apt-scan.ts';
import { readScan } from './apt-scan-read.ts';
import { readSimulations, simulate } from './apt-simulate.ts';
import type { Backend, HelperOrder } from './backend.ts';
import { compareDeb } from './versions/deb.ts';

/** JSON with the keys in the order in which the helper demands them. Throws Failure `package.bad-name`. */
function write(order: HelperOrder): string {
  if (order.op === 'refresh') return JSON.stringify({ op: order.op });
  if (order.op === 'poll') return JSON.stringify({ op: order.op, id: order.id });
  const { op, id, fence } = order;
  if (order.op === 'undo') return JSON.stringify({ op, id, fence, of: order.of });
  if (order.op === 'reboot') return JSON.stringify({ op, id, fence });
  const items = order.items.map(({ name, arch, from, to }) => {
    demandPackage(name, from);
    demandPackage(name, to);
    return { name, arch, from, to };
  });
  return order.op === 'install'
    ? JSON.stringify({ op, id, fence, items, conffiles: order.conffiles })
    : JSON.stringify({ op, id, fence, items });
}

export const apt: Backend = {
  id: 'apt',
  fits: ({ id, like }) => [id, ...like].some((name) => name === 'debian' || name === 'ubuntu'),
  scan,
  readScan,
  simulate,
  readSimulations,
  order: (order, become) => ({
    argv: [...(become === 'sudo' ? ['sudo', '-n'] : []), aptHelper.path],
    stdin: write(order),
  }),
  readAnswer,
  helper: aptHelper,
  compareVersions: compareDeb,
};
