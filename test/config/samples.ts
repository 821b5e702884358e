/** Good settings to break in one place, and what is said about them. */
import { problemsIn } from '../../config/settings.ts';
import { Failure } from '../../domain/model/failure.ts';
import { keyPair } from '../keys.ts';

const key = keyPair().private;
export const window = { cron: '0 2 * * *', zone: 'Europe/Madrid', durationMinutes: 180 };
export const minimal = { tenant: 'acme', people: [{ id: 'kim', name: 'Kim Park', zone: 'Europe/Madrid' }] };
export const device = { name: 'web-1', address: '192.0.2.10', user: 'patchherd', credential: 'fleet-key' };
export const full = {
  ...minimal,
  credentials: [{ name: 'fleet-key', kind: 'key', key }],
  devices: [device],
  policies: [{ id: 'standard', windows: [window] }],
};

/** Every sentence about raw settings, with its path. */
export const said = (raw: unknown) => problemsIn(raw).map(({ path, message }) => `${path} ${message}`);
/** The Failure that an act ends with; anything else is a failed test. */
export function failure(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
