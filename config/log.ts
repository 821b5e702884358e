/** The structured log: JSON lines on standard error, so that standard output stays for answers. */
import { pino } from 'pino';
import type { Log } from '../domain/ports.ts';

/** `level`: debug, info, warn, error or silent. Field values under names that may hold secrets are never written. */
export function makeLog(level: string): Log {
  const redact = ['*.token', '*.password', '*.privateKey', 'token', 'password', 'privateKey', 'uri'];
  const logger = pino({ level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, fields = {}) => logger.error(fields, event),
  };
}
