/** What the product really sends to a device during a full scan, so that other tools can be given the same work. */
import { makeLog } from '../config/log.ts';
import { deviceSeeds } from '../config/records.ts';
import type { Settings } from '../config/settings.ts';
import type { Visit } from '../domain/backends/backend.ts';
import { enrol } from '../domain/flows/enrol.ts';
import { scanDevice } from '../domain/flows/scan.ts';
import { openBase, workerWorld } from '../workers/main.ts';
import { shellLine } from '../workers/remote/quote.ts';

/** Scans the first device of the settings once, into an empty database, and gives its visits in order. */
export async function visitsOfScan(settings: Settings, uri: string): Promise<readonly Visit[]> {
  const base = await openBase(settings, uri, makeLog('warn'));
  const { remote, ...world } = workerWorld(settings, base);
  const visits: Visit[] = [];
  const listening: typeof remote = {
    async open(device) {
      const session = await remote.open(device);
      return {
        run(visit, limit) {
          visits.push(visit);
          return session.run(visit, limit);
        },
      };
    },
    forget: (device) => remote.forget(device),
    close: () => remote.close(),
  };
  try {
    await enrol(world, deviceSeeds(settings).slice(0, 1));
    const [device] = await world.devices.find({});
    if (!device || !(await scanDevice({ ...world, remote: listening }, device, 'refresh-if-old')))
      throw new Error('the first scan failed');
    return visits;
  } finally {
    await remote.close();
    await base.close();
  }
}

const mark = 'PATCHHERD_VISIT';

/** The visits one after the other, as one script for the standard input of one `sh`: one login does all the work. */
export const inOneLogin = (visits: readonly Visit[]): string =>
  visits.map(({ argv, stdin = '' }) => `(${shellLine(argv)}) <<'${mark}'\n${stdin}\n${mark}\n`).join('');
