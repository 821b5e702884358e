/** The devices of match-data.ts as they lie in the database: their records and inventories. */
import type { MatchSubject } from '../domain/intel/match.ts';
import type { Device, DeviceFacts } from '../domain/model/device.ts';
import type { DeviceId, TenantId } from '../domain/model/ids.ts';
import * as make from '../test/domain/make.ts';
import { subject } from './match-data.ts';

/** The `number`th device, as a scan sees it. */
export const subjectOf = (number: number): MatchSubject => subject(number, false);

/** Its record; a scan has been there. */
export function deviceOf(tenant: TenantId, number: number): Device & { readonly facts: DeviceFacts } {
  const { release, modules, livepatched } = subjectOf(number);
  const [id = '', version = ''] = release.split(':');
  const facts = make.facts({
    ...{ os: { id, version, codename: '' } },
    ...{ modules: [...modules], livepatched: [...livepatched] },
  });
  const name = `host-${String(number).padStart(5, '0')}`;
  return { ...make.device(name), id: `d-${name}` as DeviceId, tenant, facts };
}
