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
import type { ChildKind } from '../plan/state/observed.ts';

const own = { group: GROUP, version: VERSION };
const core = { group: '', version: 'v1', namespaced: true };
const apps = { ...core, group: 'apps' };

/** The types of objects that the operator watches and writes. */
export const INSTALLATIONS: Resource = {
  ...own,
  plural: INSTALLATION_PLURAL,
  kind: INSTALLATION_KIND,
  namespaced: true,
};
export const PROVIDERS: Resource = { ...own, plural: PROVIDER_PLURAL, kind: PROVIDER_KIND, namespaced: false };
export const SYSTEM_SOFTWARE: Resource = { ...own, plural: SOFTWARE_PLURAL, kind: SOFTWARE_KIND, namespaced: false };

export const CHILDREN: Readonly<Record<ChildKind, Resource>> = {
  Deployment: { ...apps, plural: 'deployments', kind: 'Deployment' },
  Service: { ...core, plural: 'services', kind: 'Service' },
  PodDisruptionBudget: { ...core, group: 'policy', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
  ControllerRevision: { ...apps, plural: 'controllerrevisions', kind: 'ControllerRevision' },
};

export const PODS: Resource = { ...core, plural: 'pods', kind: 'Pod' };
/** It is in each namespace, and the cluster alone writes it: nothing is remembered of it. */
export const UNWATCHED_CONFIG_MAP = 'kube-root-ca.crt';
export const CONFIG_MAPS: Resource = { ...core, plural: 'configmaps', kind: 'ConfigMap' };
export const SECRETS: Resource = { ...core, plural: 'secrets', kind: 'Secret' };
