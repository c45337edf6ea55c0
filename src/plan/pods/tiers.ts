import type { TierName } from '../../api/installation.ts';
import type { Tier } from '../../api/tier.ts';
import { canonicalQuantity } from './quantity.ts';

/** The pods, resources and spread of a tier, with every amount in the form that the apiserver stores. */
export interface TierShape {
  readonly replicas: number | undefined;
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  /** A PodDisruptionBudget lets one pod go at a time. */
  readonly budget: boolean;
  /** Over which of these the pods are spread, where it can be had. */
  readonly spread: readonly string[];
}

const NODES = 'kubernetes.io/hostname';
const ZONES = 'topology.kubernetes.io/zone';

const BUILT_IN: Readonly<Record<TierName, Tier & Pick<TierShape, 'budget' | 'spread'>>> = {
  free: {
    replicas: 1,
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '250m', memory: '256Mi' } },
    budget: false,
    spread: [],
  },
  standard: {
    replicas: 2,
    resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    budget: false,
    spread: [NODES],
  },
  performance: {
    replicas: 3,
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
    budget: true,
    spread: [NODES, ZONES],
  },
};

/** The built-in tier, or what the provider or the platform puts in its place. */
export function tierShape(name: TierName, definition: Tier | undefined): TierShape {
  const builtIn = BUILT_IN[name];
  const { budget, spread } = builtIn;
  const { replicas } = definition ?? builtIn;
  const resources = definition?.resources ?? builtIn.resources;
  return {
    replicas,
    requests: canonicalAmounts(resources?.requests),
    limits: canonicalAmounts(resources?.limits),
    budget,
    spread,
  };
}

/** As a container has them; what is empty is absent, as the apiserver stores it. */
export function resourcesOf({ requests, limits }: Pick<TierShape, 'requests' | 'limits'>) {
  return {
    ...(Object.keys(requests).length > 0 && { requests }),
    ...(Object.keys(limits).length > 0 && { limits }),
  };
}

function canonicalAmounts(amounts: { cpu?: string | number | undefined; memory?: string | number | undefined } = {}) {
  const present = Object.entries(amounts).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  return Object.fromEntries(present.map(([name, amount]) => [name, canonicalQuantity(amount)]));
}
