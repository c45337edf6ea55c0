import { expect, it } from 'vitest';
import {
  apiVersionOf,
  collectionPath,
  describeObject,
  objectPath,
  resourceLabel,
} from '../../../src/cluster/resource.ts';

const deployments = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
const services = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };
const clusterRoles = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
};

it.each`
  path                                                                | made
  ${'/apis/apps/v1/deployments'}                                      | ${collectionPath(deployments)}
  ${'/apis/apps/v1/namespaces/shop/deployments'}                      | ${collectionPath(deployments, 'shop')}
  ${'/api/v1/namespaces/shop/services'}                               | ${collectionPath(services, 'shop')}
  ${'/apis/rbac.authorization.k8s.io/v1/clusterroles'}                | ${collectionPath(clusterRoles, 'shop')}
  ${'/apis/apps/v1/namespaces/shop/deployments/web'}                  | ${objectPath(deployments, { name: 'web', namespace: 'shop' })}
  ${'/apis/apps/v1/namespaces/shop/deployments/web/status'}           | ${objectPath(deployments, { name: 'web', namespace: 'shop' }, 'status')}
  ${'/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3AAdmin'} | ${objectPath(clusterRoles, { name: 'system:Admin' })}
  ${'/api/v1/namespaces/shop/services/..%2Fkube-system'}              | ${objectPath(services, { name: '../kube-system', namespace: 'shop' })}
`('is reached at $path', ({ path, made }) => {
  expect(made).toBe(path);
});

it('is called what kubectl calls it', () => {
  expect([resourceLabel(deployments), resourceLabel(services)]).toEqual(['deployments.apps', 'services']);
  expect([apiVersionOf(deployments), apiVersionOf(services)]).toEqual(['apps/v1', 'v1']);
  expect(describeObject(deployments, { name: 'web', namespace: 'shop' })).toBe('deployments.apps "shop/web"');
  expect(describeObject(clusterRoles, { name: 'admin' })).toBe('clusterroles.rbac.authorization.k8s.io "admin"');
});
