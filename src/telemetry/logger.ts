import { pino, type DestinationStream, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';

/** Paths at which a credential could be logged by mistake. Specs and objects are never logged at all. */
const SECRETS = [
  '*.authorization',
  '*.token',
  '*.password',
  'authorization',
  'token',
  'password',
  '*.headers',
  '*.data',
  '*.value',
];

/** JSON lines for machines, readable lines on a terminal. */
export function createLogger(level: string, isTerminal: boolean): Logger {
  const options = {
    level,
    redact: SECRETS,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Written in the background: a thousand installs log enough to be felt. pino flushes at the exit of the process.
  return pino(options, isTerminal ? prettyLines() : pino.destination({ dest: 1, sync: false }));
}

function prettyLines(): DestinationStream {
  return PinoPretty({ sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' });
}
