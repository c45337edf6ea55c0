import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Logs from a process of its own, because pino writes to the descriptor and not to a stream that a test could take. */
function logged(terminal: boolean): string {
  const code = `
    import { createLogger } from './src/telemetry/logger.ts';
    const log = createLogger('info', ${terminal});
    log.info({ request: { authorization: 'Bearer canary' }, secret: { data: 'canary' }, token: 'canary', installation: 'shop/web' }, 'Wrote');
    log.debug({}, 'not at this level');
  `;
  return execFileSync(process.execPath, ['--input-type=module-typescript', '-e', code], { encoding: 'utf8' });
}

it('writes one JSON object a line, with level and time as text', () => {
  const line = JSON.parse(logged(false)) as Record<string, unknown>;
  expect(line).toMatchObject({ level: 'info', msg: 'Wrote', installation: 'shop/web' });
  expect(Date.parse(String(line['time']))).not.toBeNaN();
});

it.each([true, false])('never writes a credential, on a terminal: %s', (terminal) => {
  const text = logged(terminal);
  expect(text).toContain('shop/web');
  expect(text).not.toContain('canary');
});

it('is readable on a terminal', () => {
  expect(logged(true)).toMatch(/INFO.*: .*Wrote/);
});
