import { expect, it } from 'vitest';
import { cutNote, eventName } from '../../../src/cluster/event-text.ts';
import { microTime } from '../../../src/cluster/micro-time.ts';

it.each`
  note                     | cut
  ${'short'}               | ${'short'}
  ${'x'.repeat(1024)}      | ${'x'.repeat(1024)}
  ${'x'.repeat(1025)}      | ${`${'x'.repeat(1021)}…`}
  ${'€'.repeat(342)}       | ${`${'€'.repeat(340)}…`}
  ${`x${'€'.repeat(342)}`} | ${`x${'€'.repeat(340)}…`}
  ${'😀'.repeat(300)}      | ${`${'😀'.repeat(255)}…`}
`('cuts a note to 1024 bytes of whole characters', ({ note, cut }) => {
  expect(cutNote(note)).toBe(cut);
  expect(Buffer.byteLength(cutNote(note))).toBeLessThanOrEqual(1024);
});

it('names an event within the length of a name', () => {
  expect(eventName('web', '0123')).toBe('web.0123');
  expect(eventName('x'.repeat(253), '0123')).toBe(`${'x'.repeat(248)}.0123`);
});

it('writes a time with six digits', () => {
  expect(microTime(Date.parse('2026-01-01T00:00:00.120Z'))).toBe('2026-01-01T00:00:00.120000Z');
});
