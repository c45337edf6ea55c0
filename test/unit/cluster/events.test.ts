import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { createEventRecorder, type Happening } from '../../../src/cluster/events.ts';
import { FakeTransport } from './fake-transport.ts';

const upgraded: Happening = {
  regarding: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop', uid: 'u-1' },
  type: 'Normal',
  reason: 'Upgraded',
  action: 'Upgrade',
  note: 'Now at 2.0.0',
};

function setUp() {
  const clock = new FakeClock();
  const transport = new FakeTransport();
  const failed: { readonly error: unknown; readonly happening: Happening }[] = [];
  const recorder = createEventRecorder({
    transport,
    clock,
    reportingController: 'example.com/operator',
    reportingInstance: 'operator-1',
    onError: (error, happening) => failed.push({ error, happening }),
  });
  const requests = (): string[] => transport.calls.map(({ method }) => method);
  return { clock, transport, recorder, failed, requests };
}

it('is written as the API server wants it', async () => {
  const { recorder, transport } = setUp();
  recorder.record(upgraded);
  await recorder.flush();

  expect(transport.calls).toEqual([
    {
      method: 'POST',
      path: '/apis/events.k8s.io/v1/namespaces/shop/events',
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{20}$/), namespace: 'shop' },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'example.com/operator',
        reportingInstance: 'operator-1',
        ...upgraded,
      },
      doing: expect.stringMatching(/^Create events\.events\.k8s\.io "shop\/web\.[0-9a-f]{20}"$/),
      resource: 'events.events.k8s.io',
    },
  ]);
});

it('about an object of the cluster is in "default"', async () => {
  const { recorder, transport } = setUp();
  recorder.record({ ...upgraded, regarding: { apiVersion: 'x/v1', kind: 'Provider', name: 'postgres' } });
  await recorder.flush();

  expect(transport.calls).toMatchObject([
    { path: '/apis/events.k8s.io/v1/namespaces/default/events', body: { metadata: { namespace: 'default' } } },
  ]);
});

describe('what is said again', () => {
  it('is counted in the first event', async () => {
    const { recorder, transport, clock } = setUp();
    recorder.record(upgraded);
    await recorder.flush();
    const created = transport.calls[0]?.body as { readonly metadata: { readonly name: string } };
    clock.tick(60_000);
    recorder.record(upgraded);
    await recorder.flush();

    expect(transport.calls[1]).toMatchObject({
      method: 'PATCH',
      path: `/apis/events.k8s.io/v1/namespaces/shop/events/${created.metadata.name}`,
      contentType: 'application/merge-patch+json',
      body: { series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } },
    });
  });

  it('while the first event is on its way waits for it, and is counted at once', async () => {
    const { recorder, transport, requests } = setUp();
    const created = Promise.withResolvers<void>();
    transport.answers.push(created.promise);
    recorder.record(upgraded);
    recorder.record(upgraded);
    recorder.record(upgraded);
    await settle();
    expect(requests()).toEqual(['POST']);
    created.resolve();
    await recorder.flush();

    expect(requests()).toEqual(['POST', 'PATCH']);
    expect(transport.calls[1]?.body).toMatchObject({ series: { count: 3 } });
  });

  it('within six minutes each time goes on in the same series', async () => {
    const { recorder, clock, requests } = setUp();
    for (let i = 0; i < 4; i += 1) {
      recorder.record(upgraded);
      await recorder.flush();
      clock.tick(5 * 60_000);
    }

    expect(requests()).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH']);
  });

  it('after more than that is a new event', async () => {
    const { recorder, clock, requests } = setUp();
    recorder.record(upgraded);
    await recorder.flush();
    clock.tick(6 * 60_000);
    recorder.record(upgraded);
    await recorder.flush();

    expect(requests()).toEqual(['POST', 'POST']);
  });

  it('after more than that is a new event, also when something else was said all the time', async () => {
    const { recorder, clock, requests } = setUp();
    const other = { ...upgraded, reason: 'Other' };
    for (const [said, minutes] of [
      [other, 1],
      [upgraded, 4],
      [other, 3],
      [upgraded, 0],
    ] as const) {
      recorder.record(said);
      await recorder.flush();
      clock.tick(minutes * 60_000);
    }

    expect(requests()).toEqual(['POST', 'POST', 'PATCH', 'POST']);
  });

  it('is a new event when too many others came between', async () => {
    const { recorder, requests } = setUp();
    for (let i = 0; i < 4096; i += 1) {
      recorder.record({ ...upgraded, note: String(i) });
      await recorder.flush();
    }
    recorder.record({ ...upgraded, note: '4095' });
    recorder.record({ ...upgraded, note: '0' });
    await recorder.flush();

    expect(requests().slice(4096)).toEqual(['PATCH', 'POST']);
  });

  it.each([
    { reason: 'RolledBack' },
    { note: 'Now at 3.0.0' },
    { type: 'Warning' as const },
    { action: 'Install' },
    { regarding: { ...upgraded.regarding, uid: 'u-2' } },
  ])('with a difference is another event: %o', async (difference) => {
    const { recorder, requests } = setUp();
    recorder.record(upgraded);
    recorder.record({ ...upgraded, ...difference });
    await recorder.flush();

    expect(requests()).toEqual(['POST', 'POST']);
  });
});

describe('a failure', () => {
  it('is told of, and the next time makes a new event', async () => {
    const { recorder, transport, failed, requests } = setUp();
    const error = new Error('No');
    transport.answers.push(error);
    recorder.record(upgraded);
    await recorder.flush();
    expect(failed).toEqual([{ error, happening: upgraded }]);

    recorder.record(upgraded);
    await recorder.flush();

    expect(requests()).toEqual(['POST', 'POST']);
  });

  it('is a flood of events, of which only so many are kept waiting', async () => {
    const { recorder, transport, failed } = setUp();
    for (let i = 0; i < 1100; i += 1) {
      recorder.record({ ...upgraded, note: String(i) });
    }
    expect(transport.calls).toHaveLength(4);
    await recorder.flush();

    expect(transport.calls).toHaveLength(1004);
    expect(failed).toHaveLength(96);
  });
});
