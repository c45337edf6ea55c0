import type { Resource } from '../cluster/resource.ts';
import {
  GROUP,
  INSTALLATION_KIND,
  INSTALLATION_PLURAL,
  PROVIDER_KIND,
  PROVIDER_PLURAL,
  SOFTWARE_KIND,
  SOFTWARE_PLURAL,
  VERSION,
} from '../api/names.ts';
import type { ChildKind } from '../plan/observed.ts';

/** What the operator watches and writes. */
export const INSTALLATIONS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: INSTALLATION_PLURAL,
  kind: INSTALLATION_KIND,
  namespaced: true,
};

export const PROVIDERS: Resource = {
  group: GROUP,
  version: VERSION,
  plural: PROVIDER_PLURAL,
  kind: PROVIDER_KIND,
  namespaced: false,
};

export const SYSTEM_SOFTWARE: Resource = {
  group: GROUP,
  version: VERSION,
  plural: SOFTWARE_PLURAL,
  kind: SOFTWARE_KIND,
  namespaced: false,
};

export const CHILDREN: Readonly<Record<ChildKind, Resource>> = {
  Deployment: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
  Service: { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true },
  PodDisruptionBudget: {
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    namespaced: true,
  },
  ControllerRevision: {
    group: 'apps',
    version: 'v1',
    plural: 'controllerrevisions',
    kind: 'ControllerRevision',
    namespaced: true,
  },
};

export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };
