import { expect, it } from 'vitest';
import { createKubernetesVersion } from '../../../src/reconcile/kubernetes-version.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { FakeTransport } from '../cluster/fake-transport.ts';

const HOUR = 3_600_000;

function asking(...answers: readonly unknown[]) {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  transport.answers.push(...answers);
  const heard: string[] = [];
  const kubernetes = createKubernetesVersion({
    transport,
    clock,
    random: () => 1,
    onSettled: () => heard.push('settled'),
    onError: (_error, consequence) => heard.push(consequence),
  });
  kubernetes.onChange(() => heard.push(`now ${kubernetes.current()}`));
  return { clock, transport, kubernetes, heard };
}

const is = (gitVersion: string) => ({ gitVersion });

it('is asked for again each hour, and said when it is another one', async () => {
  const { clock, transport, kubernetes, heard } = asking(is('v1.36.3'), is('v1.36.3'), is('v1.37.0'));
  kubernetes.ask();
  await settle();
  expect([kubernetes.isSettled(), kubernetes.current()]).toEqual([true, 'v1.36.3']);
  await clock.advance(HOUR - 1);
  expect(transport.calls).toHaveLength(1);
  await clock.advance(1 + HOUR);

  expect(transport.calls).toHaveLength(3);
  expect(heard).toEqual(['settled', 'now v1.37.0']);
});

it('is not known where nobody answers, asked for ever more seldom, and said when it is learned', async () => {
  const no = new Error('No');
  const { clock, kubernetes, heard } = asking(no, no, is('v1.36.3'));
  kubernetes.ask();
  await settle();
  expect([kubernetes.isSettled(), kubernetes.current()]).toEqual([true, undefined]);
  await clock.advance(10_000 + 19_999);
  const unknown = expect.stringContaining('refuses nothing') as string;
  expect(heard).toEqual([unknown, 'settled', unknown]);
  await clock.advance(1);

  expect(heard.at(-1)).toBe('now v1.36.3');
});

it('stays what it was where nobody answers any more', async () => {
  const { clock, kubernetes, heard } = asking(is('v1.36.3'), new Error('No'), is('v1.36.3'));
  kubernetes.ask();
  await clock.advance(2 * HOUR);

  expect(kubernetes.current()).toBe('v1.36.3');
  expect(heard).toEqual(['settled', expect.stringContaining('the same')]);
});

it('is asked for no more after the end', async () => {
  const { clock, transport, kubernetes } = asking(is('v1.36.3'));
  kubernetes.ask();
  await settle();
  kubernetes.stop();
  await clock.advance(2 * HOUR);

  expect([transport.calls.length, clock.pending]).toEqual([1, 0]);
});
