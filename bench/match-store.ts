/** The same matching as match.ts through the database: the fleet and the advisories are read from it, what is found is written. */
import { atOnce } from '../domain/flows/at-once.ts';
import type { TenantId } from '../domain/model/ids.ts';
import * as make from '../test/domain/make.ts';
import { connect, type TenantStore } from '../workers/store/connect.ts';
import { insertAll } from './answers-data.ts';
import { measuredBy } from './compiled.ts';
import { benchDatabase } from './database.ts';
import { advisories } from './match-data.ts';
import { deviceOf, subjectOf } from './match-store-data.ts';
import type { StoreAnswer, StoreOrder } from './match-store-process.ts';

export type StoreAnswers = { readonly kind: string; readonly bySize: ReadonlyMap<number, readonly StoreAnswer[]> };

/** Each fleet is a tenant of its own in one database, and is measured in a process of its own, which finds nothing matched yet. */
export async function matchStored(sizes: readonly number[], runs: number): Promise<StoreAnswers> {
  const database = await benchDatabase();
  const bySize = new Map<number, StoreAnswer[]>(sizes.map((devices) => [devices, []]));
  try {
    for (let run = 1; run <= runs; run += 1) {
      const uri = await database.fresh(`match-${run}`);
      await fill(uri, sizes);
      for (const [devices, answers] of bySize) {
        const order: StoreOrder = { uri, tenant: tenantOf(devices), devices };
        answers.push(await measuredBy<StoreOrder, StoreAnswer>('bench/match-store-process.js', order));
      }
    }
    return { kind: database.kind, bySize };
  } finally {
    await database.stop();
  }
}

const tenantOf = (devices: number): TenantId => `fleet-${devices}` as TenantId;

async function fill(uri: string, sizes: readonly number[]): Promise<void> {
  const database = await connect(uri);
  for (const devices of sizes) await fillFleet(database.tenant(tenantOf(devices)), tenantOf(devices), devices);
  await database.tenant(tenantOf(0)).advisories.takeOver('bench', each(), true, []);
  await database.close();
}

async function* each() {
  yield* advisories();
}

async function fillFleet(store: TenantStore, tenant: TenantId, devices: number): Promise<void> {
  const numbers = Array.from({ length: devices }, (_, number) => number);
  await insertAll(
    store.devices,
    numbers.map((number) => deviceOf(tenant, number)),
  );
  await atOnce(numbers, 8, new AbortController().signal, (number) => {
    const { packages } = subjectOf(number);
    return store.inventories.put({ device: deviceOf(tenant, number).id, tenant, scannedAt: make.noon, packages });
  });
}
