import { expect, it } from 'vitest';
import { culpritOf } from '../../../../src/plan/act/culprit.ts';
import type { ChildView, FieldPath } from '../../../../src/plan/state/observed.ts';

const want = {
  metadata: { labels: { 'provider-operator.io/provider': 'acme.web' } },
  spec: {
    replicas: 2,
    template: {
      metadata: { annotations: { 'provider-operator.io/config-hash': 'a' } },
      spec: { containers: [{ name: 'provider', image: 'x' }] },
    },
  },
};

it.each<[FieldPath[], string]>([
  [[['spec', 'replicas']], 'spec.replicas was changed by "kubectl"'],
  [
    [['spec', 'template', 'spec', 'containers', { name: 'provider' }, 'image']],
    'spec.template.spec.containers[name=provider].image was changed by "kubectl"',
  ],
  [
    [['metadata', 'labels', 'provider-operator.io/provider']],
    'metadata.labels.provider-operator.io/provider was changed by "kubectl"',
  ],
  // `kubectl rollout undo` brings the labels and annotations of the operator back as well.
  [
    [
      ['metadata', 'labels', 'provider-operator.io/provider'],
      ['spec', 'template', 'metadata', 'annotations', 'provider-operator.io/config-hash'],
      ['spec', 'template', 'spec', 'containers', { name: 'provider' }, 'image'],
    ],
    'spec.template.spec.containers[name=provider].image was changed by "kubectl"',
  ],
  [
    [['spec', 'template', 'metadata', 'annotations', 'provider-operator.io/config-hash']],
    'spec.template.metadata.annotations.provider-operator.io/config-hash was changed by "kubectl"',
  ],
  // `kubectl` took only one of these fields from us: the other one was never ours.
  [
    [
      ['spec', 'externalTrafficPolicy'],
      ['spec', 'replicas'],
    ],
    'spec.replicas was changed by "kubectl"',
  ],
  [
    [['spec', 'template', 'spec', 'containers', { name: 'sidecar' }, 'image']],
    'A field was removed, and managedFields do not say by whom',
  ],
  [[], 'A field was removed, and managedFields do not say by whom'],
])('%j: %s', (paths, culprit) => {
  expect(culpritOf({ changed: { manager: 'kubectl', paths } } as unknown as ChildView, want)).toBe(culprit);
});

it.each<[string | undefined, string]>([
  ['kubectl-edit', 'spec.hostNetwork was added by "kubectl-edit"'],
  [undefined, 'spec.hostNetwork was added, and managedFields do not say by whom'],
])('what was added by %s: %s', (manager, culprit) => {
  expect(culpritOf({ contested: { manager, paths: [['spec', 'hostNetwork']] } } as unknown as ChildView)).toBe(culprit);
});
