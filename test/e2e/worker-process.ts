/** A worker process for tests that kill it: takes its settings and its database from standard input. */
import { text } from 'node:stream/consumers';
import { makeLog } from '../../config/log.ts';
import type { Settings } from '../../config/settings.ts';
import type { Leases } from '../../workers/jobs/job.ts';
import { openBase, startWorkers } from '../../workers/main.ts';

type Orders = { readonly settings: Settings; readonly uri: string; readonly leases: Leases };
const { settings, uri, leases } = JSON.parse(await text(process.stdin)) as Orders; // written by startWorkerProcess
await startWorkers(settings, await openBase(settings, uri, makeLog('error'), leases));
console.log('ready');
