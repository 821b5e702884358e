/** device.scan: visit one device now, because somebody asked. */
import { z } from 'zod';
import { follow, planDevice } from '../../domain/flows/plan-device.ts';
import { scanDevice } from '../../domain/flows/scan.ts';
import type { DeviceId } from '../../domain/model/ids.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import type { JobSpec } from './job.ts';

const Data = z.object({ deviceId: z.string().min(1) });

/** The job behind `/patch scan <device>`. */
export const deviceScan = (world: WorkerWorld): JobSpec<typeof Data> => ({
  name: 'device.scan',
  data: Data,
  concurrency: 20,
  async run({ deviceId }) {
    const device = await world.devices.get(deviceId as DeviceId); // checked: queue.scan is the only writer of this data
    if (!device || device.retired) return;
    const seen = await scanDevice(world, device, 'refresh');
    if (seen) await follow(world, new Set([...seen, ...(await planDevice(world, device))]));
  },
});
