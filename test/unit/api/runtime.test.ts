import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InstallationSpec } from '../../../src/api/installation.ts';
import { Runtime } from '../../../src/api/runtime.ts';

/**
 * The schema refuses exactly the values that the API server refuses in a pod: a runtime that works somewhere must stay
 * valid. The right-hand sides are the rules of k8s.io/kubernetes 1.36, `pkg/apis/core/validation` and
 * `pkg/util/validation`.
 */

const accepts = (runtime: object) => Runtime.safeParse(runtime).success;

/** Generates short words from the few characters that the rules distinguish. */
const words = (...letters: string[]) =>
  fc.array(fc.constantFrom(...letters), { maxLength: 16 }).map((parts) => parts.join(''));

const hasStepBack = (path: string) => path.split('/').includes('..');

const rules: [string, fc.Arbitrary<string>, (value: string) => boolean, (value: string) => boolean][] = [
  [
    'the name of a port (IsValidPortName)',
    words('a', 'z', '0', '9', '-'),
    (name) => accepts({ ports: [{ name, containerPort: 80 }] }),
    (name) => name.length <= 15 && /[a-z]/.test(name) && !name.includes('--') && !/^-|-$/.test(name),
  ],
  [
    'the port of a probe (ValidatePortNumOrName)',
    words('a', 'z', '0', '9', '-'),
    (port) => accepts({ readinessProbe: { tcpSocket: { port } } }),
    // The schema reads a text of digits as a number.
    (port) =>
      /^\d+$/.test(port)
        ? Number(port) > 0 && Number(port) < 65_536
        : /[a-z]/.test(port) && !port.includes('--') && !/^-|-$/.test(port),
  ],
  [
    'the path of a file in a volume (ValidateLocalNonReservedPath)',
    words('a', '.', '..', '/', '-'),
    (path) => accepts({ volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'k', path }] } }] }),
    (path) => path !== '' && !path.startsWith('/') && !path.startsWith('..') && !hasStepBack(path),
  ],
  [
    'subPath (validateLocalDescendingPath)',
    words('a', '.', '..', '/', '-'),
    (subPath) => accepts({ volumeMounts: [{ name: 'v', mountPath: '/v', subPath }] }),
    (subPath) => !subPath.startsWith('/') && !hasStepBack(subPath),
  ],
  [
    'the name of a Secret (ValidateSecretName)',
    words('a', '0', '-', '.', 'A', '_', ' '),
    (name) => acceptsKey({ name, key: 'k' }),
    (name) => name !== '' && name.split('.').every((label) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(label)),
  ],
  [
    'a key of a Secret (IsConfigMapKey)',
    words('a', '0', '-', '.', 'A', '_', ' '),
    (key) => acceptsKey({ name: 's', key }),
    (key) => /^[-._a-zA-Z0-9]+$/.test(key) && key !== '.' && !key.startsWith('..'),
  ],
];

function acceptsKey(secretKeyRef: object): boolean {
  return InstallationSpec.safeParse({ provider: 'acme/web', configFrom: [{ name: 'A', secretKeyRef }] }).success;
}

it.each(rules)('%s is as the API server wants it', (_, values, isAccepted, isValid) => {
  fc.assert(fc.property(values, (value) => isAccepted(value) === isValid(value)));
});

describe('a field for a downwardAPI volume', () => {
  it.each([
    ['metadata.name', true],
    ['metadata.namespace', true],
    ['metadata.uid', true],
    ['metadata.labels', true],
    ["metadata.labels['app.kubernetes.io/version']", true],
    ["metadata.annotations['Team']", true],
    ["metadata.annotations['a_b.c-d']", true],
    [`metadata.annotations['${'a'.repeat(63)}']`, true],
    [`metadata.annotations['${'a'.repeat(64)}']`, false],
    ["metadata.annotations['']", false],
    ["metadata.annotations['a b']", false],
    ["metadata.annotations['a/b/c']", false],
    ["metadata.annotations['a-']", false],
    ["metadata.name['a']", false],
    ['spec.nope', false],
    ['spec.nodeName', false],
    ['status.podIP', false],
    ['', false],
  ])('%s: %s', (fieldPath, isValid) => {
    const items = [{ path: 'file', fieldPath }];
    expect(accepts({ volumes: [{ name: 'v', downwardAPI: { items } }] })).toBe(isValid);
  });
});

describe('the capability CAP_SYS_ADMIN', () => {
  it.each([
    [{ addCapabilities: ['CAP_SYS_ADMIN'] }, false],
    [{ addCapabilities: ['CAP_SYS_ADMIN'], allowPrivilegeEscalation: false }, false],
    [{ addCapabilities: ['CAP_SYS_ADMIN'], allowPrivilegeEscalation: true }, true],
    [{ addCapabilities: ['SYS_ADMIN'] }, true],
  ])('%j: %s', (securityContext, isValid) => {
    expect(accepts({ securityContext })).toBe(isValid);
  });
});

it('a colon in a mountPath says nothing against what was published with it', () => {
  expect(accepts({ volumeMounts: [{ name: 'v', mountPath: '/a:b' }] })).toBe(true);
});
