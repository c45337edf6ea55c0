import { expect, it } from 'vitest';
import { ApiError } from '../../../src/cluster/errors.ts';
import { createWriter, type Writer } from '../../../src/cluster/write.ts';
import { FakeTransport } from './fake-transport.ts';

const deployments = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
const web = { name: 'web', namespace: 'shop' };
const path = '/apis/apps/v1/namespaces/shop/deployments/web';

function setUp(answer?: unknown) {
  const transport = new FakeTransport();
  transport.answers.push(answer);
  return { transport, writer: createWriter(transport) };
}

it('applies an object and returns it as it is stored', async () => {
  const stored = { metadata: { ...web, resourceVersion: '7' } };
  const { transport, writer } = setUp(stored);

  const object = { metadata: { ...web, labels: { a: 'b' } }, spec: { replicas: 1 } };
  expect(await writer.apply(deployments, object, { fieldManager: 'us', force: true })).toBe(stored);
  expect(transport.calls).toEqual([
    {
      method: 'PATCH',
      path,
      query: { fieldManager: 'us', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'apps/v1', kind: 'Deployment', ...object },
      doing: 'Apply deployments.apps "shop/web"',
      resource: 'deployments.apps',
    },
  ]);
});

it('merges a patch into a status', async () => {
  const { transport, writer } = setUp();

  await writer.patchStatus(
    deployments,
    { ...web, resourceVersion: '7' },
    { ready: true, reason: null },
    { fieldManager: 'us' },
  );

  expect(transport.calls).toEqual([
    {
      method: 'PATCH',
      path: `${path}/status`,
      query: { fieldManager: 'us' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: '7' }, status: { ready: true, reason: null } },
      doing: 'Report the status of deployments.apps "shop/web"',
      resource: 'deployments.apps/status',
    },
  ]);
});

it('says anew who owns the fields of the object that was seen; one that is gone is no error', async () => {
  const seen = { ...web, resourceVersion: '7' };
  const managedFields = [{ manager: 'us', operation: 'Apply', fieldsV1: {} }];
  const { transport, writer } = setUp();
  await writer.patchManagedFields(deployments, seen, managedFields);
  expect(transport.calls).toEqual([
    {
      method: 'PATCH',
      path,
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: '7', managedFields } },
      doing: 'Take over the fields of deployments.apps "shop/web"',
      resource: 'deployments.apps',
    },
  ]);

  const gone = setUp(ApiError.refused('Take over', { status: 404, body: undefined }));
  await gone.writer.patchManagedFields(deployments, seen, managedFields);
});

it('deletes the object that was meant and no namesake', async () => {
  const { transport, writer } = setUp();

  await writer.remove(deployments, web, { uid: 'u-1' });

  expect(transport.calls).toMatchObject([
    {
      method: 'DELETE',
      path,
      body: { kind: 'DeleteOptions', preconditions: { uid: 'u-1' }, propagationPolicy: 'Background' },
      doing: 'Delete deployments.apps "shop/web"',
    },
  ]);
});

it('reads an object', async () => {
  const { transport, writer } = setUp({ spec: {} });

  expect(await writer.get(deployments, web)).toEqual({ spec: {} });
  expect(transport.calls).toMatchObject([{ method: 'GET', path, doing: 'Read deployments.apps "shop/web"' }]);
});

it.each`
  what            | run                                                                                                                  | status | fails
  ${'a read'}     | ${(writer: Writer) => writer.get(deployments, web)}                                                                  | ${404} | ${false}
  ${'a read'}     | ${(writer: Writer) => writer.get(deployments, web)}                                                                  | ${403} | ${true}
  ${'a deletion'} | ${(writer: Writer) => writer.remove(deployments, web, { uid: 'u' })}                                                 | ${404} | ${false}
  ${'a deletion'} | ${(writer: Writer) => writer.remove(deployments, web, { uid: 'u' })}                                                 | ${409} | ${true}
  ${'a report'}   | ${(writer: Writer) => writer.patchStatus(deployments, { ...web, resourceVersion: '7' }, {}, { fieldManager: 'us' })} | ${404} | ${false}
  ${'a report'}   | ${(writer: Writer) => writer.patchStatus(deployments, { ...web, resourceVersion: '7' }, {}, { fieldManager: 'us' })} | ${422} | ${true}
`('lets $what that ends with $status fail: $fails', async ({ run, status, fails }) => {
  const refused = ApiError.refused('x', { status, body: '' });
  const { writer } = setUp(refused);

  const outcome: unknown = await run(writer).catch((error: unknown) => error);

  expect(outcome).toBe(fails ? refused : undefined);
});
