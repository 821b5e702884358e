/** Devices in MongoDB, and which systems they run without reading their records. */
import type { Model } from 'mongoose';
import type { Device, DeviceFacts } from '../../domain/model/device.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { DeviceRecords } from '../../domain/ports.ts';
import { devices as kind } from './kinds.ts';
import { type Doc, filterOf, recordsOf } from './record.ts';

/** The DeviceRecords port of domain/ports.ts. */
export function devices(model: Model<Doc>, tenant: TenantId): DeviceRecords {
  const docs = model.db.collection<Doc>(model.collection.name);
  return {
    ...recordsOf(model, kind, tenant),
    // A device that nobody scanned has no such field. The cast says that `save` is the only writer.
    systems: async () =>
      (await docs.distinct('facts.os', filterOf<Device>({ retired: false }, tenant))) as DeviceFacts['os'][],
  };
}
